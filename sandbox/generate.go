package sandbox

import _ "embed"

//go:generate go run ./internal/document
//go:generate go -C .. tool oapi-codegen -config sandbox/control-codegen.yaml sandbox/control.yaml

// ControlSpec describes Control: the bytes of control.yaml, OpenAPI 3.0.3. They are not to be changed.
//
//go:embed control.yaml
var ControlSpec []byte

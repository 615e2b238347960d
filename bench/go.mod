module github.com/ymarket-go/chats/bench

go 1.26.0

replace github.com/ymarket-go/chats => ..

require (
	github.com/hashicorp/go-retryablehttp v0.7.8
	github.com/ymarket-go/chats v0.0.0-00010101000000-000000000000
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/oapi-codegen/runtime v1.9.0 // indirect
)

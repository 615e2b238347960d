package api

import "errors"

// readFailure is the error of a body whose reading failed. errors.Is and errors.As find the cause; its text is not
// shown, as it may quote what was read.
type readFailure struct {
	of    string
	cause *error // behind a pointer, as %#v shows what stands in a struct
}

func (e *readFailure) Error() string        { return "api: the body of the " + e.of + " cannot be read" }
func (e *readFailure) Is(target error) bool { return errors.Is(*e.cause, target) }
func (e *readFailure) As(target any) bool   { return errors.As(*e.cause, target) }

// withFailure adds the failure of a reading to what was found before it. nil is no failure.
func withFailure(err, failed error, of string) error {
	if failed == nil {
		return err
	}
	failure := &readFailure{of: of, cause: &failed}
	if err == nil {
		return failure
	}
	return errors.Join(err, failure)
}

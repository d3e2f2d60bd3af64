package domain

// NewError returns an error about a document of another kind, such as a network's. It makes its texts as safe to print
// as those of a definition's own errors.
func NewError(k ErrorKind, element string, line int, text string) *Error {
	e := report(k, element, text)
	e.Line = line
	return e
}

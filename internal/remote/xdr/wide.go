package xdr

// WideFixed writes a text as an array of n characters, each of which takes four bytes. What is too long is cut, so that
// the last character is zero.
func (e *Encoder) WideFixed(s string, n int) {
	for i := range n {
		if i < len(s) && i < n-1 {
			e.U32(uint32(s[i]))
		} else {
			e.U32(0)
		}
	}
}

// WideString writes a text as a counted array of characters, each of which takes four bytes. The last one is zero, and
// counted.
func (e *Encoder) WideString(s string) {
	e.U32(uint32(len(s)) + 1)
	for i := range len(s) {
		e.U32(uint32(s[i]))
	}
	e.U32(0)
}

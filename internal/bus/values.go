package bus

// Values reads the values of a reply one after another, as its signature has them. They have been checked, so nothing
// can fail. godbus needs 1 us for each entry of a dictionary, which is half of a call that returns 40,000.
type Values struct{ c cursor }

// Uint32 reads a value of type u.
func (v *Values) Uint32() uint32 {
	n, _ := v.c.uint32()
	return n
}

// Uint64 reads a value of type t.
func (v *Values) Uint64() uint64 {
	if v.c.align(8) != nil || v.c.skip(8) != nil {
		return 0
	}
	return v.c.order.Uint64(v.c.b[v.c.at-8:])
}

// Text reads a value of type s or o. The bytes stay those of the reply.
func (v *Values) Text() []byte {
	text, _ := v.c.text()
	return text
}

// Array reads an array of structures or a dictionary. It calls element at the begin of each, which must read all of it.
func (v *Values) Array(element func()) {
	n := int(v.Uint32())
	if v.c.align(8) != nil {
		return
	}
	for end := v.c.at + n; v.c.at < end; {
		if v.c.align(8) != nil {
			return
		}
		before := v.c.at
		if element(); v.c.at == before {
			return // it would do so for ever
		}
	}
}

package xdr

// Domain is a container as the protocol names it. ID is -1 for one that is off.
type Domain struct {
	Name string
	UUID [16]byte
	ID   int32
}

// LeastDomain is the least size of a Domain, in bytes.
const LeastDomain = 4 + 16 + 4

// Domain reads a container.
func (d *Decoder) Domain() (v Domain) {
	v.Name = d.Text()
	copy(v.UUID[:], d.take(len(v.UUID)))
	v.ID = d.I32()
	return v
}

// UUID reads a uuid.
func (d *Decoder) UUID() (u [16]byte) {
	copy(u[:], d.take(len(u)))
	return u
}

// OptionalDomain reads a container that may be absent.
func (d *Decoder) OptionalDomain() (Domain, bool) {
	if !d.Present() {
		return Domain{}, false
	}
	v := d.Domain()
	return v, d.err == nil
}

// Domain writes a container.
func (e *Encoder) Domain(v Domain) {
	e.Text(v.Name)
	e.Fixed(v.UUID[:])
	e.I32(v.ID)
}

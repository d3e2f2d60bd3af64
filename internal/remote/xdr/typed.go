package xdr

// Type is the type of a typed parameter's value.
type Type int32

// The types.
const (
	Int Type = iota + 1
	UInt
	LLong
	ULLong
	Double
	Boolean
	String
)

// MaxField is the longest name of a typed parameter, in bytes: clients have room for 80 with a zero.
const MaxField = 79

// leastTyped is the least size of a typed parameter, in bytes.
const leastTyped = 4 + 4 + 4

// Typed is a typed parameter. The value of an integer or a boolean is in Bits, sign-extended to 64 bits, that of a
// double its bits.
type Typed struct {
	Field string
	Type  Type
	Bits  uint64
	Text  string
}

// IntOf is a parameter with an int.
func IntOf(field string, n int32) Typed {
	return Typed{Field: field, Type: Int, Bits: uint64(int64(n))}
}

// UIntOf is a parameter with an unsigned int.
func UIntOf(field string, n uint32) Typed { return Typed{Field: field, Type: UInt, Bits: uint64(n)} }

// LLongOf is a parameter with a hyper.
func LLongOf(field string, n int64) Typed { return Typed{Field: field, Type: LLong, Bits: uint64(n)} }

// ULLongOf is a parameter with an unsigned hyper.
func ULLongOf(field string, n uint64) Typed { return Typed{Field: field, Type: ULLong, Bits: n} }

// TextOf is a parameter with a text.
func TextOf(field, s string) Typed { return Typed{Field: field, Type: String, Text: s} }

// Typed reads an array of at most most typed parameters.
func (d *Decoder) Typed(most int) []Typed {
	n := d.Count(most, leastTyped)
	if n == 0 {
		return nil
	}
	list := make([]Typed, 0, n)
	for range n {
		p := Typed{Field: d.Text(), Type: Type(d.I32())}
		if len(p.Field) > MaxField {
			d.fail(ErrLong)
		}
		switch p.Type {
		case Int, Boolean:
			p.Bits = uint64(int64(d.I32()))
		case UInt:
			p.Bits = uint64(d.U32())
		case LLong, ULLong, Double:
			p.Bits = d.U64()
		case String:
			p.Text = d.Text()
		default:
			d.fail(ErrType)
		}
		if d.err != nil {
			return nil
		}
		list = append(list, p)
	}
	return list
}

// Typed writes an array of typed parameters.
func (e *Encoder) Typed(list []Typed) {
	e.U32(uint32(len(list)))
	for i := range list {
		e.typed(&list[i])
	}
}

func (e *Encoder) typed(p *Typed) {
	e.Text(p.Field)
	e.I32(int32(p.Type))
	switch p.Type {
	case Int, UInt, Boolean:
		e.U32(uint32(p.Bits))
	case LLong, ULLong, Double:
		e.U64(p.Bits)
	case String:
		e.Text(p.Text)
	}
}

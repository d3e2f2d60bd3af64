package bus

import (
	"errors"
	"math"
	"os"

	"github.com/godbus/dbus/v5"
)

// Header is what a message says of itself.
type Header struct {
	Kind        dbus.Type
	Flags       dbus.Flags
	Serial      uint32
	ReplySerial uint32
	Path        string
	Interface   string
	Member      string
	ErrorName   string
	Destination string
	Sender      string // the bus writes it: nobody can claim to be another
	Signature   string // of the body, or anything else if that has a Fault
	Length      int    // of the body in bytes
	Descriptors uint32 // how many came with the message

	// Files are the descriptors, which the body names by their place here. Whoever gets the header owns them.
	// There are none if the message has a Fault.
	Files []*os.File

	// Fault is set, before the message reaches godbus, when its body is not as expected and was
	// left out.
	Fault *Fault

	order byteOrder
}

// Fault says why a body was not let through.
type Fault struct {
	Kind FaultKind
	Why  error // of a Malformed one
}

// FaultKind tells faults apart.
type FaultKind int

// WrongSignature is a body of another signature than the expected one, TooLarge one of too many
// bytes, Malformed one that is not what its signature says. TooManyDescriptors is a message with more
// than are expected, LostDescriptors one whose descriptors this process had no room for.
const (
	WrongSignature FaultKind = iota + 1
	TooLarge
	Malformed
	TooManyDescriptors
	LostDescriptors
)

const knownFlags = dbus.FlagNoReplyExpected | dbus.FlagNoAutoStart | dbus.FlagAllowInteractiveAuthorization

// What can be wrong with header fields beside their values.
var (
	errField    = errors.New("a header field is of a wrong type")
	errTwice    = errors.New("a header field is there twice")
	errMissing  = errors.New("a header field is missing")
	errName     = errors.New("a name is invalid")
	errSerial   = errors.New("a serial number is 0")
	errKind     = errors.New("it is of no known type")
	errNoFields = errors.New("there are bytes behind the header fields")
)

// fieldTypes are the types of the header fields that the specification knows.
const fieldTypes = "\x00osssussgu"

// parseHeader reads the header fields of a message, padding included. An error means that the message is
// to be dropped.
func parseHeader(f frame, fields []byte) (*Header, error) {
	h := &Header{Kind: f.kind, Flags: f.flags & knownFlags, Serial: f.serial, Length: f.length, order: f.order}
	c := cursor{order: f.order, b: fields}
	var seen [len(fieldTypes)]bool
	for c.at < f.fields {
		if err := c.align(8); err != nil {
			return nil, err
		}
		code, err := c.byte()
		if err != nil {
			return nil, err
		}
		t, err := c.signature()
		if err != nil {
			return nil, err
		}
		switch {
		case int(code) >= len(fieldTypes): // of a later version: to be ignored
			err = skipField(&c, string(t))
		case code == 0 || string(t) != fieldTypes[code:code+1]:
			err = errField
		case seen[code]:
			err = errTwice
		default:
			seen[code] = true
			err = h.set(dbus.HeaderField(code), &c)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.at != f.fields || c.align(8) != nil || c.left() > 0 {
		return nil, errNoFields
	}
	return h, h.complete()
}

// skipField goes over the value of a field, which is in a variant in a structure in an array.
func skipField(c *cursor, t string) error {
	if t == "" || !anySignature().has(t) || first(t) != len(t) {
		return errField
	}
	w := walk{cursor: *c, types: anySignature(), descriptors: math.MaxUint32}
	err := w.value(t, 3)
	*c = w.cursor
	return err
}

// set reads one field.
func (h *Header) set(field dbus.HeaderField, c *cursor) (err error) {
	switch field {
	case dbus.FieldPath:
		h.Path, err = named(c, validPath)
	case dbus.FieldInterface:
		h.Interface, err = named(c, validInterface)
	case dbus.FieldMember:
		h.Member, err = named(c, validMember)
	case dbus.FieldErrorName:
		h.ErrorName, err = named(c, validInterface)
	case dbus.FieldDestination:
		h.Destination, err = named(c, nil)
	case dbus.FieldSender:
		h.Sender, err = named(c, nil)
	case dbus.FieldSignature:
		var s []byte
		s, err = c.signature()
		h.Signature = string(s)
	case dbus.FieldReplySerial:
		h.ReplySerial, err = c.uint32()
		if err == nil && h.ReplySerial == 0 {
			err = errSerial
		}
	case dbus.FieldUnixFDs:
		h.Descriptors, err = c.uint32()
	}
	return err
}

func named(c *cursor, valid func([]byte) bool) (string, error) {
	s, err := c.text()
	switch {
	case err != nil:
		return "", err
	case valid != nil && !valid(s), valid == nil && len(s) > maxName:
		return "", errName
	}
	return string(s), nil
}

// complete checks that the fields are there which the message's type wants.
func (h *Header) complete() error {
	if h.Serial == 0 {
		return errSerial
	}
	there := false
	switch h.Kind {
	case dbus.TypeMethodCall:
		there = h.Path != "" && h.Member != ""
	case dbus.TypeMethodReply:
		there = h.ReplySerial != 0
	case dbus.TypeError:
		there = h.ReplySerial != 0 && h.ErrorName != ""
	case dbus.TypeSignal:
		there = h.Path != "" && h.Interface != "" && h.Member != ""
	default:
		return errKind
	}
	if !there {
		return errMissing
	}
	return nil
}

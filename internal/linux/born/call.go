package born

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// Call is one system call of a list.
type Call struct {
	Name   string // what it is, for a reader of an error
	Number uintptr
	Args   []Arg // six at most
	// Tolerate are errors with which the list goes on. Its Result is the negative number of the error then.
	Tolerate []syscall.Errno
	// Split is for clone(2) with its flags alone. Its caller ends, and the child goes on with the list.
	Split bool
}

// String writes a call as strace(1) does, for tests and logs.
func (c *Call) String() string {
	args := make([]string, len(c.Args))
	for i := range c.Args {
		args[i] = c.Args[i].String()
	}
	text := c.Name + ": " + strconv.Itoa(int(c.Number)) + "(" + strings.Join(args, ", ") + ")"
	if len(c.Tolerate) > 0 {
		text += fmt.Sprint(" or ", c.Tolerate)
	}
	if c.Split {
		text += ", and the child goes on"
	}
	return text
}

// Arg is an argument of a Call. The zero value is the number 0.
type Arg struct {
	kind   kind
	number uint64 // of numeric; of result: the index of the call
	bytes  []byte
	text   string
	words  []Arg
}

type kind uint8

const (
	numeric kind = iota
	result
	bytes
	text
	words
)

// Int is a number.
func Int[T ~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~uintptr](n T) Arg {
	return Arg{number: uint64(n)}
}

// Result is what an earlier call has returned. The call is known by its index in the list.
func Result(call int) Arg { return Arg{kind: result, number: uint64(call)} }

// Bytes is the address of these bytes.
func Bytes(b []byte) Arg { return Arg{kind: bytes, bytes: b} }

// Text is the address of a text with a zero byte at its end. The text has none.
func Text(s string) Arg { return Arg{kind: text, text: s} }

// Words is the address of a list of 64-bit words. A word may be an address itself, so this is what vectors and the
// structs of the kernel are made of. The result of a call cannot be one.
func Words(list ...Arg) Arg { return Arg{kind: words, words: list} }

// Texts is the address of a vector of texts with a null pointer at its end, as execve(2) takes.
func Texts(list []string) Arg {
	all := make([]Arg, len(list)+1)
	for i, s := range list {
		all[i] = Text(s)
	}
	return Words(all...)
}

func (a *Arg) String() string {
	switch a.kind {
	case result:
		return "result " + strconv.FormatUint(a.number, 10)
	case bytes:
		return strconv.Quote(strings.TrimSuffix(string(a.bytes), "\x00"))
	case text:
		return strconv.Quote(a.text)
	case words:
		list := make([]string, len(a.words))
		for i := range a.words {
			list[i] = a.words[i].String()
		}
		return "[" + strings.Join(list, " ") + "]"
	}
	if n := int64(a.number); n < 4096 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%#x", a.number)
}

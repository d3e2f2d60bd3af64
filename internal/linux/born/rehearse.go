package born

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Rehearsal is what the child of a Worker would be asked for.
type Rehearsal struct{ Calls []Call }

// Rehearse returns a Worker without a child, for tests. Every call succeeds, and its result is its Ref. received is
// what the child sends.
func Rehearse(received ...*os.File) (*Worker, *Rehearsal) {
	w := &Worker{received: received, rehearsal: &Rehearsal{}}
	w.prepare(make([]byte, rehearsed), maxOrders)
	return w, w.rehearsal
}

// rehearsed is the size of the memory for a rehearsal.
const rehearsed = 1 << 20

// note keeps a call.
func (r *Rehearsal) note(what What, number uintptr, args []Arg) {
	name := what.Stage + " " + what.Op
	if what.Object != "" {
		name += " " + what.Object
	}
	r.Calls = append(r.Calls, Call{Name: name, Number: number, Args: append([]Arg(nil), args...)})
}

// guard notes what the latest call depends on.
func (r *Rehearsal) guard(on Ref, wanted syscall.Errno) {
	c := r.last()
	if c.Name += fmt.Sprintf(", if %d succeeds", on); wanted != 0 {
		c.Name = strings.TrimSuffix(c.Name, "succeeds") + "fails with " + wanted.Error()
	}
}

// last is the latest call.
func (r *Rehearsal) last() *Call { return &r.Calls[len(r.Calls)-1] }

// carryOut makes the result of each call its Ref.
func (r *Rehearsal) carryOut(w *Worker, from, up int) {
	for i := from; i < up; i++ {
		*w.result(i) = int64(w.first() + i)
	}
}

// Listing writes a list for a golden file. Calls of the same name in a row are one line, and one without a number is a
// remark.
func Listing(list []Call) string {
	var b strings.Builder
	for i := 0; i < len(list); i++ {
		if list[i].Number == 0 && len(list[i].Args) == 0 {
			fmt.Fprintln(&b, list[i].Name)
			continue
		}
		n := 1
		for i+n < len(list) && list[i+n].Name == list[i].Name && list[i+n].Number == list[i].Number {
			n++
		}
		b.WriteString(list[i].String())
		if n > 1 {
			fmt.Fprintf(&b, "\n  and %d more, to %s", n-1, list[i+n-1].String())
			i += n - 1
		}
		b.WriteByte('\n')
	}
	return b.String()
}

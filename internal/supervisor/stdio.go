package supervisor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/tty"
	"github.com/berthd/berth/internal/wire"
)

// stdio makes the command's standard descriptors, unless they came with the message. Their owner is the command's
// user: so it can open /dev/stdout.
func (e *entry) stdio(out *entered) error {
	switch {
	case len(e.files) == 3:
		return checkStdio(e.files)
	case len(e.files) != 0:
		return fmt.Errorf("%d descriptors came with the command; expected none or 3", len(e.files))
	case e.Terminal:
		return e.openTerminal(out)
	}
	for i := range 3 {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		theirs, ours := writer, reader
		if i == 0 {
			theirs, ours = reader, writer
		}
		e.files, out.ends = append(e.files, theirs), append(out.ends, ours)
		if err := prepareEnd(theirs, e.owner); err != nil {
			return err
		}
	}
	return nil
}

// prepareEnd makes a pipe's end as programs expect it: Go has made it non-blocking.
func prepareEnd(f *os.File, owner int) error {
	fd := int(f.Fd())
	if err := unix.SetNonblock(fd, false); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	if err := unix.Fchown(fd, owner, -1); err != nil {
		return fmt.Errorf("chown a pipe: %w", err)
	}
	return nil
}

// openTerminal makes a terminal in the container's own devpts.
func (e *entry) openTerminal(out *entered) error {
	root, err := e.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	master, peer, err := tty.In(root)
	if err != nil {
		return err
	}
	out.ends = []*os.File{master}
	e.files = []*os.File{peer, peer, peer}
	if err := unix.Fchown(int(peer.Fd()), e.owner, -1); err != nil {
		return fmt.Errorf("chown a terminal: %w", err)
	}
	if e.Rows != 0 || e.Columns != 0 {
		if err := tty.Resize(peer, e.Rows, e.Columns); err != nil {
			return err
		}
	}
	out.terminal, err = tty.Duplicate(peer)
	return err
}

// checkStdio refuses descriptors that lead out of the container: a directory of the host, which the command could
// leave by .., and a mere place (O_PATH).
func checkStdio(files []*os.File) error {
	for i, f := range files {
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			return fmt.Errorf("standard descriptor %d: %w", i, err)
		}
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		if err != nil {
			return fmt.Errorf("standard descriptor %d: %w", i, err)
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR || flags&unix.O_PATH != 0 {
			return &wire.Failed{Stage: "exec", Text: fmt.Sprintf("standard descriptor %d is a directory or a mere path", i), Number: unix.EBADF}
		}
	}
	return nil
}

package launch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// Exit reads what a supervisor wrote about the end into its run directory. found is false if it wrote no exit status.
func (*Supervisors) Exit(runDir string) (end service.End, found bool, err error) {
	exited, err := readMessage[*wire.Exited](filepath.Join(runDir, wire.ExitFile))
	if errors.Is(err, fs.ErrNotExist) {
		return service.End{}, false, nil
	}
	if err != nil {
		return service.End{}, false, fmt.Errorf("exit status: %w", err)
	}
	end = endOf(exited)
	killed, err := readMessage[*wire.Killed](filepath.Join(runDir, wire.KilledFile))
	switch {
	case err == nil:
		end.OOMKills = killed.OOMKills
	case !errors.Is(err, fs.ErrNotExist):
		return end, true, fmt.Errorf("processes killed for want of memory: %w", err)
	}
	return end, true, nil
}

// readMessage reads the message in a file of a run.
func readMessage[M wire.Message](file string) (m M, err error) {
	packet, err := readStatus(file)
	if err != nil {
		return m, err
	}
	decoded, err := wire.Decode(packet)
	if err != nil {
		return m, err
	}
	m, ok := decoded.(M)
	if !ok {
		return m, fmt.Errorf("it is a %T", decoded)
	}
	return m, nil
}

// readStatus reads the packet in a regular file. It does not wait for the writer of a FIFO in its place.
func readStatus(file string) ([]byte, error) {
	f, err := openRegular(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, wire.MaxPacket))
}

// openRegular opens a file of a run to read. It returns an error if the file is not a regular one.
func openRegular(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, errors.Join(err, fmt.Errorf("%s is not a regular file", file))
	}
	return f, nil
}

// endOf translates a supervisor's message into the core's type.
func endOf(e *wire.Exited) service.End {
	kind := service.ExitExited
	switch {
	case e.Dumped:
		kind = service.ExitDumped
	case e.Signal:
		kind = service.ExitKilled
	}
	return service.End{Known: true, Asked: e.Asked, Exit: service.Exit{Kind: kind, Code: e.Code}}
}

// Console returns the output of console n in the run of a directory. It returns fs.ErrNotExist if the run
// has no such console, or not yet.
func (*Supervisors) Console(runDir string, n int) ([]byte, error) {
	f, err := openRegular(filepath.Join(runDir, wire.ConsoleFile(n)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return console.Read(f)
}

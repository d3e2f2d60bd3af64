package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/berthd/berth/internal/wire"
)

// errOtherRelease says that berthd and berth-supervisor are of two releases. berthd has not been restarted since
// an upgrade replaced the supervisor's program.
var errOtherRelease = errors.New("berthd is of another release than its supervisor, restart berthd")

// checkPrepare checks the first message, and returns the descriptors that came with it. It returns an error if
// that is not a Prepare of our version, or does not have the right number of descriptors.
func checkPrepare(m wire.Message, files []*os.File) (*wire.Prepare, []*os.File, error) {
	prepare, ok := m.(*wire.Prepare)
	if !ok {
		return nil, nil, fmt.Errorf("unexpected message %T", m)
	}
	if prepare.Version != wire.Version {
		return nil, nil, fmt.Errorf("%w: it speaks version %d of the protocol, the supervisor version %d", errOtherRelease, prepare.Version, wire.Version)
	}
	if last := len(files) - 1; prepare.Apart && last >= 0 {
		if err := readSources(prepare, files[last]); err != nil {
			return nil, nil, err
		}
		files = files[:last]
	}
	want := 3 + len(prepare.Join) + int(min(prepare.Held, wire.MaxPassed))
	for _, src := range prepare.Sources {
		if src.Supplied {
			want++
		}
	}
	if prepare.ProcView {
		want++
	}
	if len(files) != want {
		return nil, nil, fmt.Errorf("%d descriptors came with the plan; expected %d", len(files), want)
	}
	return prepare, files, nil
}

// readSources reads the sources that came in a file, and closes it.
func readSources(prepare *wire.Prepare, f *os.File) error {
	defer func() { _ = f.Close() }()
	packed, err := io.ReadAll(io.NewSectionReader(f, 0, wire.MaxPlan))
	if err == nil {
		err = prepare.PutBack(packed)
	}
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	return nil
}

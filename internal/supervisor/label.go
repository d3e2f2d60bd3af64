package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// checkLabel looks from outside whether init has the label that it was given, and returns an error if not. Init is our
// child and not reaped, so nobody else has its pid. One that is reaped has no label any more.
func (s *supervisor) checkLabel() error {
	if s.label.Process == "" || !s.label.Required || s.status != nil {
		return nil
	}
	return compareLabel("/proc/"+strconv.FormatUint(uint64(s.initPID), 10)+"/attr/", s.label.Process)
}

// compareLabel compares the label in a directory attr of /proc with the one that the process was executed with. By now
// it may have executed another program, for which the policy has another label: what it had before is in prev.
func compareLabel(attr, want string) error {
	var has []string
	for _, name := range []string{"current", "prev"} {
		text, err := os.ReadFile(attr + name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			return nil // it has ended
		}
		if err != nil {
			return &wire.Failed{Stage: "label", Text: fmt.Sprintf("the label of init cannot be read: %v", err), Number: errno(err)}
		}
		label := strings.TrimRight(string(text), "\x00\n")
		if label == want {
			return nil
		}
		has = append(has, label)
	}
	return &wire.Failed{Stage: "label", Text: fmt.Sprintf("init has the label %s and not %s", has[0], want), Number: unix.EPERM}
}

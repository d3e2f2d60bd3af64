package enter

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// The exit statuses that shells have for a command that was not executed.
const (
	StatusCannot  = 126
	StatusMissing = 127
)

// Refused says why the command was not executed.
type Refused struct {
	Text   string
	Status int // what a shell would return
	Errno  unix.Errno
}

func (r *Refused) Error() string { return r.Text }
func (r *Refused) Unwrap() error { return r.Errno }

// Check returns why a command can not be executed in any container, or nil.
func Check(c *Command) *Refused {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return &Refused{Text: "the command has no name", Status: StatusMissing, Errno: unix.EINVAL}
	}
	for _, s := range slices.Concat(c.Argv, c.Env, []string{c.Dir}) {
		if strings.Contains(s, "\x00") {
			return &Refused{Text: "an argument, a variable or the directory has a NUL byte", Status: StatusCannot, Errno: unix.EINVAL}
		}
	}
	if len(c.candidates()) == 0 {
		return &Refused{Text: c.Argv[0] + ": command not found, PATH is empty", Status: StatusMissing, Errno: unix.ENOENT}
	}
	return nil
}

// Explain returns what a failed call of Calls(c) means.
func Explain(c *Command, err *born.Error) *Refused {
	first := len(Calls(c)) - perCandidate*len(c.candidates())
	if len(err.Results) <= first {
		r := &Refused{Text: err.Error(), Status: StatusCannot, Errno: err.Errno}
		if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ECHILD) || errors.Is(err, unix.ENOMEM) && err.Call == "clone" {
			r.Text = "the container is ending: " + r.Text
		}
		return r
	}
	r := explainFiles(c.candidates(), c.Argv[0], err.Results[first:])
	if c.Label != "" && (r.Errno == unix.EACCES || r.Errno == unix.EPERM) {
		r.Text += "; with the label " + c.Label + " the security policy of the host may deny it (ausearch -m avc)"
	}
	return r
}

// explainFiles returns the worst that happened to a candidate: what was found and could not be executed counts more
// than what was not found, as in shells.
func explainFiles(files []string, name string, results []int64) *Refused {
	missing := &Refused{Text: name + ": no such file in the container", Status: StatusMissing, Errno: unix.ENOENT}
	if !strings.Contains(name, "/") {
		missing.Text = name + ": command not found in PATH"
	}
	for i, file := range files {
		if len(results) < perCandidate*(i+1) {
			break
		}
		one := results[perCandidate*i:]
		errno := unix.Errno(-one[atExecute])
		switch {
		case one[atFind] < 0 && unix.Errno(-one[atFind]) == unix.ENOENT, one[atFind] < 0 && unix.Errno(-one[atFind]) == unix.ENOTDIR && len(files) > 1:
		case one[atFind] < 0:
			return &Refused{Text: file + ": " + unix.Errno(-one[atFind]).Error(), Status: StatusCannot, Errno: unix.Errno(-one[atFind])}
		case one[atDirectory] >= 0 && len(files) > 1:
		case one[atDirectory] >= 0:
			return &Refused{Text: file + ": is a directory", Status: StatusCannot, Errno: unix.EISDIR}
		case errno == unix.ENOENT:
			return &Refused{Text: file + ": its interpreter (first line, after #!) or its loader is missing", Status: StatusCannot, Errno: errno}
		case errno == unix.ENOEXEC:
			return &Refused{Text: file + ": neither a program of this machine nor a script that begins with #!", Status: StatusCannot, Errno: errno}
		default:
			return &Refused{Text: file + ": " + errno.Error(), Status: StatusCannot, Errno: errno}
		}
	}
	return missing
}

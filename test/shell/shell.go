// Package shell runs commands in one process of virsh or of berthctl, which read them from a pipe: the program's own
// start and its connection cost time once.
package shell

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// maxLine is the longest line of output, in bytes. A definition's metadata can be one line.
const maxLine = 16 << 20

// Shell is one process in its interactive mode. It runs one command at a time.
type Shell struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	count  int
	broken bool // the process cannot run another command
}

// Result is what a command printed.
type Result struct {
	Out      string   // without the blank lines around it
	Failed   string   // the lines of its errors, without their first "error: "; empty if there was none
	Warnings []string // without "warning: "
}

// Open starts a program: virsh or berthctl with their options. It returns when the program is connected.
func Open(program ...string) (*Shell, error) {
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TERM=dumb", "VIRSH_HISTSIZE=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout // so that errors come between the lines of their command
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Shell{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	s.lines.Buffer(nil, maxLine)
	if err := s.Do("uri"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Do runs a command, and returns its error.
func (s *Shell) Do(command string) error {
	r, err := s.Run(command)
	switch {
	case err != nil:
		return err
	case r.Failed != "":
		return fmt.Errorf("%s %s: %s", s.name(), command, strings.ReplaceAll(r.Failed, "\n", "; "))
	}
	return nil
}

// Run runs a command. It returns an error if the program ends. It sends an echo after the command, which marks the end
// of the output.
func (s *Shell) Run(command string) (Result, error) {
	s.count++
	end := fmt.Sprintf("end-%d", s.count)
	if _, err := fmt.Fprintf(s.in, "%s\necho %s\n", command, end); err != nil {
		s.broken = true
		return Result{}, fmt.Errorf("%s %s: %w", s.name(), command, err)
	}
	var r Result
	var out, failed []string
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == end {
			r.Out, r.Failed = strings.Trim(strings.Join(out, "\n"), "\n"), strings.Trim(strings.Join(failed, "\n"), "\n")
			return r, nil
		}
		text, bad := strings.CutPrefix(line, "error: ")
		warning, mild := strings.CutPrefix(line, "warning: ")
		switch {
		case strings.HasPrefix(line, s.name()+" # "): // a program that was given a command repeats it
		case bad || len(failed) > 0: // an error can have several lines
			failed = append(failed, text)
		case mild:
			r.Warnings = append(r.Warnings, warning)
		default:
			out = append(out, line)
		}
	}
	s.broken = true
	if err := s.lines.Err(); err != nil {
		return Result{}, fmt.Errorf("%s %s: %w", s.name(), command, err)
	}
	return Result{}, fmt.Errorf("%s %s: %s ended", s.name(), command, s.name())
}

func (s *Shell) name() string { return s.cmd.Args[0] }

// Broken reports whether the program can run no further command.
func (s *Shell) Broken() bool { return s.broken }

// Kill ends the program at once, also while it runs a command, which returns an error then.
func (s *Shell) Kill() error { return s.cmd.Process.Kill() }

// Close closes the program's input, upon which it ends.
func (s *Shell) Close() error {
	return errors.Join(s.in.Close(), s.cmd.Wait())
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/peterh/liner"
)

// interact carries out what the user types at a terminal, until the end of the input or SIGTERM.
func (s *shell) interact(ctx context.Context) error {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	defer signal.Stop(terminated)
	plain, err := liner.TerminalMode()
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	editor := liner.NewLiner()
	defer func() { _ = editor.Close() }()
	editing, err := liner.TerminalMode()
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	editor.SetCtrlCAborts(true)
	editor.SetTabCompletionStyle(liner.TabPrints)
	editor.SetWordCompleter(func(line string, pos int) (head string, words []string, tail string) {
		return s.complete(ctx, line, pos)
	})
	history := s.historyFile()
	readHistory(editor, history)
	s.welcome()
	_ = s.app.out.Flush()
	for !s.over {
		line, err := s.ask(editor, terminated)
		switch {
		case errors.Is(err, liner.ErrPromptAborted): // Ctrl-C gives the line up
			continue
		case err != nil:
			s.over = true
			fmt.Fprintln(s.app.out)
			_ = s.app.out.Flush()
			continue
		}
		if strings.TrimSpace(line) != "" {
			editor.AppendHistory(line)
		}
		_ = plain.ApplyMode() // the commands have the terminal as it was
		interruptible(ctx, func(ctx context.Context) { s.tell(s.carryOut(ctx, line)) })
		_ = editing.ApplyMode()
	}
	s.status = 0 // each error was shown when it happened
	return writeHistory(editor, history)
}

// ask reads a line.
func (s *shell) ask(editor *liner.State, terminated <-chan os.Signal) (string, error) {
	type input struct {
		line string
		err  error
	}
	read := make(chan input, 1)
	go func() { // it ends with the process after a SIGTERM
		line, err := editor.Prompt(s.prompt())
		read <- input{line, err}
	}()
	select {
	case in := <-read:
		return in.line, in.err
	case <-terminated:
		return "", io.EOF
	}
}

// historyFile is where the lines are kept for the next time. It is "" if the user has no home directory.
func (s *shell) historyFile() string {
	cache := s.app.Getenv("XDG_CACHE_HOME")
	if home := s.app.Getenv("HOME"); !filepath.IsAbs(cache) && filepath.IsAbs(home) {
		cache = filepath.Join(home, ".cache")
	}
	if !filepath.IsAbs(cache) {
		return ""
	}
	return filepath.Join(cache, "berthctl", "history")
}

// readHistory reads what was typed before. A file that cannot be read is no error: the user can do without.
func readHistory(editor *liner.State, name string) {
	f, err := os.Open(name)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	_, _ = editor.ReadHistory(f)
}

// writeHistory keeps what was typed, for the user alone.
func writeHistory(editor *liner.State, name string) error {
	if name == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = editor.WriteHistory(f)
	return errors.Join(err, f.Close())
}

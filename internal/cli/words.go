package cli

import (
	"errors"
	"fmt"
	"strings"
)

// splitCommands splits a text into commands and their words, as virsh does: a semicolon or a newline ends a command,
// and # at the beginning of a word a comment up to the end of the line. Quotes and backslashes are those of a shell. It
// returns an error for a quote or a backslash that nothing ends.
func splitCommands(text string) ([][]string, error) {
	s := splitter{}
	for _, r := range text {
		s.take(r)
	}
	return s.commands, s.finish()
}

// splitter splits a text, rune by rune.
type splitter struct {
	commands [][]string
	words    []string
	word     strings.Builder
	inWord   bool // also if the word is empty yet
	quote    rune // the one that is open
	escaped  bool // a backslash stands before
	comment  bool
}

func (s *splitter) take(r rune) {
	switch {
	case s.comment:
		if r == '\n' {
			s.comment = false
			s.endCommand()
		}
	case s.escaped:
		s.escaped = false
		if r != '\n' { // otherwise the line goes on
			s.add(r)
		}
	case s.quote != 0 && r == s.quote:
		s.quote = 0
	case r == '\\' && s.quote != '\'':
		s.escaped = true
	case s.quote != 0:
		s.add(r)
	case r == '\'' || r == '"':
		s.quote, s.inWord = r, true
	case r == '#' && !s.inWord:
		s.comment = true
	case r == ' ' || r == '\t' || r == '\r':
		s.endWord()
	case r == ';' || r == '\n':
		s.endCommand()
	default:
		s.add(r)
	}
}

func (s *splitter) add(r rune) {
	s.word.WriteRune(r)
	s.inWord = true
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
		s.inWord = false
	}
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.words) > 0 {
		s.commands = append(s.commands, s.words)
		s.words = nil
	}
}

func (s *splitter) finish() error {
	s.endCommand()
	switch {
	case s.quote != 0:
		return fmt.Errorf("missing %c", s.quote)
	case s.escaped:
		return errors.New(`dangling \`)
	}
	return nil
}

// unfinished returns the words of the last command of a text, the word that is being typed, which may be empty, and
// where that begins.
func unfinished(text string) (words []string, word string, start int) {
	s := splitter{}
	for i, r := range text {
		before := s.inWord || s.escaped
		s.take(r)
		if !before && (s.inWord || s.escaped) {
			start = i
		}
	}
	if !s.inWord && !s.escaped {
		start = len(text)
	}
	return s.words, s.word.String(), start
}

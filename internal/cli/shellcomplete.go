package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/shellword"
)

// complete completes the word before a place of a line, as the completions of the shells do.
func (s *shell) complete(ctx context.Context, line string, pos int) (head string, words []string, tail string) {
	runes := []rune(line)
	before := string(runes[:pos])
	line, tail = before, string(runes[pos:])
	given, word, start := unfinished(line)
	list, directive := s.candidates(ctx, given, word)
	for _, candidate := range list {
		text := shellword.Quote(candidate)
		if directive&cobra.ShellCompDirectiveNoSpace == 0 {
			text += " "
		}
		words = append(words, text)
	}
	return line[:start], words, tail
}

// candidates returns the words that a word can become.
func (s *shell) candidates(ctx context.Context, given []string, word string) (list []string, directive cobra.ShellCompDirective) {
	var out bytes.Buffer
	a := &app{Config: s.app.Config, shell: s}
	a.Out, a.Err = &out, io.Discard
	a.out = bufio.NewWriter(&out)
	if err := s.tree(a, append(append([]string{cobra.ShellCompNoDescRequestCmd}, given...), word)).ExecuteContext(ctx); err != nil {
		return nil, 0
	}
	_ = a.out.Flush()
	for text := range strings.Lines(out.String()) {
		text = strings.TrimSuffix(text, "\n")
		if number, ok := strings.CutPrefix(text, ":"); ok {
			n, _ := strconv.Atoi(number)
			directive = cobra.ShellCompDirective(n)
		} else if strings.HasPrefix(text, word) {
			list = append(list, text)
		}
	}
	switch {
	case directive&cobra.ShellCompDirectiveFilterFileExt != 0:
		return files(word), cobra.ShellCompDirectiveNoSpace
	case directive&cobra.ShellCompDirectiveNoFileComp == 0 && len(list) == 0:
		return files(word), cobra.ShellCompDirectiveNoSpace
	}
	return list, directive
}

// files returns the paths that a word can become.
func files(word string) []string {
	dir, prefix := filepath.Split(word)
	from := dir
	if from == "" {
		from = "."
	}
	entries, _ := os.ReadDir(from)
	var list []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, prefix) || prefix == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		list = append(list, dir+name)
	}
	return list
}

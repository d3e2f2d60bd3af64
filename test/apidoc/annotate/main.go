// Annotate writes introspection XML anew, with its comments as annotations, into a directory: annotate DIRECTORY
// FILE...
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/berthd/berth/test/apidoc"
)

func main() {
	for _, file := range os.Args[2:] {
		if err := annotate(file, filepath.Join(os.Args[1], filepath.Base(file))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func annotate(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	annotated, err := apidoc.Annotated(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, []byte(annotated), 0o644)
}

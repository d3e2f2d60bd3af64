package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The kinds of documents, which their names begin with.
const (
	kindDomain = "domain" // a definition
	kindNative = "native" // a configuration of LXC
)

// document is what both are asked about.
type document struct {
	Name           string // KIND/GROUP/FILE
	text           string
	libvirt, berth reply
}

// kind returns the first part of a name.
func kind(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

// reply is an answer to a document.
type reply struct {
	XML      string   `json:"xml,omitempty"`
	Refused  string   `json:"refused,omitempty"` // the error, as virsh or berthctl prints it
	Warnings []string `json:"warnings,omitempty"`
}

// source is a directory with documents.
type source struct{ name, pattern string }

// sources returns the directories with documents, and how their documents' names begin.
func sources() []source {
	return []source{
		{kindDomain + "/corpus", "internal/domain/testdata/corpus/*.xml"},
		{kindDomain + "/served", "internal/domain/testdata/served/*.xml"},
		{kindDomain + "/faults", "internal/domain/testdata/faults/*.xml"},
		{kindDomain + "/examples", "examples/*.xml"},
		{kindNative + "/keys", "internal/lxcconf/testdata/*.conf"},
		{kindNative + "/published", "internal/lxcconf/testdata/published/*.conf"},
	}
}

// included are the files that configurations read: the directory stands for /usr/share.
const included = "internal/lxcconf/testdata/files"

// readDocuments reads the documents below top whose names match a pattern; all match the empty one.
func readDocuments(top, only string) ([]*document, error) {
	var docs []*document
	for _, s := range sources() {
		files, err := filepath.Glob(filepath.Join(top, s.pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := path.Join(s.name, filepath.Base(file))
			if is, err := path.Match(only, name); err != nil {
				return nil, fmt.Errorf("pattern %s: %w", only, err)
			} else if only != "" && !is && !strings.HasPrefix(name, only) {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			docs = append(docs, &document{Name: name, text: string(text)})
		}
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("no document matches %q", only)
	}
	return docs, nil
}

// Package apidoc makes the manual of the D-Bus interfaces from the comments in their introspection XML. Only tests and
// make man use it.
//
// A comment belongs to the element that follows it. Its paragraphs are separated by empty lines. In a list, each item
// begins with "- ", its head, and a colon; lines with four more blanks are printed as they are. *word* is bold, and
// _word_ is italic.
package apidoc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Interface is a described interface.
type Interface struct {
	Name    string
	Doc     string
	Members []Member
}

// Member is a method, a signal or a property.
type Member struct {
	Kind string // method, signal or property
	Name string
	Type string // of a property
	Args []Arg
	Doc  string
}

// Arg is an argument of a method or a signal.
type Arg struct {
	Name      string
	Type      string
	Direction string // "" of a signal
}

// Parse reads the introspection XML of one interface. It returns an error if the interface or a member has no comment.
func Parse(text string) (*Interface, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	i := &Interface{}
	doc := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return i, i.check()
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.Comment:
			doc = dedent(string(t))
		case xml.StartElement:
			i.element(t, doc)
			if t.Name.Local != "node" {
				doc = ""
			}
		}
	}
}

func (i *Interface) element(t xml.StartElement, doc string) {
	a := map[string]string{}
	for _, one := range t.Attr {
		a[one.Name.Local] = one.Value
	}
	switch t.Name.Local {
	case "interface":
		i.Name, i.Doc = a["name"], doc
	case "method", "signal", "property":
		i.Members = append(i.Members, Member{Kind: t.Name.Local, Name: a["name"], Type: a["type"], Doc: doc})
	case "arg":
		m := &i.Members[len(i.Members)-1]
		m.Args = append(m.Args, Arg{a["name"], a["type"], a["direction"]})
	}
}

func (i *Interface) check() error {
	if i.Name == "" || i.Doc == "" {
		return fmt.Errorf("interface %q has no comment", i.Name)
	}
	for _, m := range i.Members {
		if m.Doc == "" {
			return fmt.Errorf("%s %s.%s has no comment", m.Kind, i.Name, m.Name)
		}
	}
	return nil
}

// dedent returns the text of a comment without the blanks that all of its lines but the first begin with.
func dedent(comment string) string {
	lines := strings.Split(comment, "\n")
	least := -1
	for _, line := range lines[1:] {
		rest := strings.TrimLeft(line, " ")
		if n := len(line) - len(rest); rest != "" && (least < 0 || n < least) {
			least = n
		}
	}
	for n, line := range lines {
		if n > 0 && least > 0 {
			line = line[min(least, len(line)):]
		}
		lines[n] = strings.TrimRight(line, " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

package clienttest

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Contract is the introspection XML of org.berth1, read for a test.
type Contract struct{ Interfaces []Interface }

// Interface is one interface of the contract.
type Interface struct {
	Name       string     `xml:"name,attr"`
	Methods    []Method   `xml:"method"`
	Signals    []Method   `xml:"signal"`
	Properties []Property `xml:"property"`
}

// Method is a method or a signal.
type Method struct {
	Name string `xml:"name,attr"`
	Args []struct {
		Name      string `xml:"name,attr"`
		Type      string `xml:"type,attr"`
		Direction string `xml:"direction,attr"`
	} `xml:"arg"`
}

// Property is a property.
type Property struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
}

// Signature gives the signature of a method's arguments in one direction, in or out.
func (m Method) Signature(direction string) string {
	var signature strings.Builder
	for _, arg := range m.Args {
		if arg.Direction == direction {
			signature.WriteString(arg.Type)
		}
	}
	return signature.String()
}

// Load reads the contract from the source tree that the test is of.
func Load(t testing.TB) Contract {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "contract", "introspection", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("introspection XML: %v, %d files", err, len(files))
	}
	var c Contract
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var node struct {
			Interfaces []Interface `xml:"interface"`
		}
		if err := xml.Unmarshal(text, &node); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		c.Interfaces = append(c.Interfaces, node.Interfaces...)
	}
	return c
}

// Interface gives one interface, which must exist.
func (c Contract) Interface(t testing.TB, name string) Interface {
	t.Helper()
	for _, i := range c.Interfaces {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no interface %s in the contract", name)
	return Interface{}
}

// root is the top of the source tree.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

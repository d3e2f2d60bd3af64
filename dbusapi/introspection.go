package dbusapi

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/berthd/berth/contract"
)

const doctype = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN" ` +
	`"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">` + "\n"

// interfaces holds the XML of each interface by its name, the standard ones included.
type interfaces map[string]string

// loadContract reads the embedded introspection XML: the text that is installed for other tools is the
// text that is served, without its comments, which are several times as long.
func loadContract() (interfaces, error) {
	c := make(interfaces)
	for _, file := range []string{
		"introspection/org.berth1.Manager.xml",
		"introspection/org.berth1.Container.xml",
		"introspection/org.berth1.Process.xml",
		"introspection/org.berth1.Networks.xml",
		"introspection/org.berth1.Watch.xml",
		"standard.xml",
	} {
		text, err := fs.ReadFile(contract.Introspection(), file)
		if err != nil {
			return nil, err
		}
		if err := c.add(text); err != nil {
			return nil, fmt.Errorf("read contract %s: %w", file, err)
		}
	}
	return c, nil
}

// comments matches a comment and the line break before it.
var comments = regexp.MustCompile(`(?s)\n *<!--.*?-->`)

// add cuts a document into its interfaces.
func (c interfaces) add(text []byte) error {
	var node struct {
		Interfaces []struct {
			Name  string `xml:"name,attr"`
			Inner string `xml:",innerxml"`
		} `xml:"interface"`
	}
	if err := xml.Unmarshal(text, &node); err != nil {
		return err
	}
	for _, i := range node.Interfaces {
		c[i.Name] = fmt.Sprintf("  <interface name=%q>%s</interface>\n", i.Name, comments.ReplaceAllString(i.Inner, ""))
	}
	return nil
}

// document is the answer of Introspect for an object with these interfaces and children.
func (c interfaces) document(names, children []string) string {
	var b strings.Builder
	b.WriteString(doctype + "<node>\n")
	for _, name := range names {
		b.WriteString(c[name])
	}
	for _, child := range children {
		fmt.Fprintf(&b, "  <node name=%q/>\n", child)
	}
	b.WriteString("</node>\n")
	return b.String()
}

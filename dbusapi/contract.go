package dbusapi

import (
	"embed"
	"encoding/xml"
	"fmt"
	"strings"
)

// introspectionFiles is the contract: what is installed for other tools is what is served. The
// standard interfaces are not ours to install, so their file is apart.
//
//go:embed introspection/*.xml standard.xml
var introspectionFiles embed.FS

const doctype = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN" ` +
	`"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">` + "\n"

// contract holds the XML of each interface by its name.
type contract map[string]string

func loadContract() (contract, error) {
	c := make(contract)
	for _, file := range []string{
		"introspection/org.berth1.Manager.xml",
		"introspection/org.berth1.Container.xml",
		"standard.xml",
	} {
		text, err := introspectionFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := c.add(text); err != nil {
			return nil, fmt.Errorf("read contract %s: %w", file, err)
		}
	}
	return c, nil
}

// add cuts a document into its interfaces.
func (c contract) add(text []byte) error {
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
		c[i.Name] = fmt.Sprintf("  <interface name=%q>%s</interface>\n", i.Name, i.Inner)
	}
	return nil
}

// document is the answer of Introspect for an object with these interfaces and children.
func (c contract) document(ifaces []*iface, children []string) string {
	var b strings.Builder
	b.WriteString(doctype + "<node>\n")
	for _, i := range ifaces {
		b.WriteString(c[i.name])
	}
	for _, child := range children {
		fmt.Fprintf(&b, "  <node name=%q/>\n", child)
	}
	b.WriteString("</node>\n")
	return b.String()
}

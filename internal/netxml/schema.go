package netxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// The bounds of a document.
const (
	maxSize  = 1 << 20 // bytes
	maxDepth = 16
)

// served are the elements and attributes that are understood, by path.
func served() map[string][]string {
	return map[string][]string{
		"network": {"connections"}, "network/name": nil, "network/uuid": nil, "network/title": nil, "network/description": nil,
		"network/metadata": nil,
		"network/forward":  {"mode", "dev"}, "network/forward/nat": {"ipv6"}, "network/forward/nat/port": {"start", "end"},
		"network/forward/interface": {"dev"},
		"network/bridge":            {"name", "stp", "delay", "macTableManager"}, "network/mtu": {"size"}, "network/mac": {"address"},
		"network/domain": {"name", "localOnly"}, "network/dns": {"enable"}, "network/dns/forwarder": {"addr"},
		"network/ip":                  {"address", "netmask", "prefix", "family", "localPtr"},
		"network/ip/dhcp":             nil,
		"network/ip/dhcp/range":       {"start", "end"},
		"network/ip/dhcp/range/lease": {"expiry", "unit"},
		"network/ip/dhcp/host":        {"mac", "ip", "name", "id"},
		"network/ip/dhcp/host/lease":  {"expiry", "unit"},
	}
}

// instead says what to do about some elements that are not served.
func instead() map[string]string {
	return map[string]string{
		"network/ip/tftp":       "systemd-networkd has no TFTP server",
		"network/ip/dhcp/bootp": "systemd-networkd serves no boot files",
		"network/dns/host":      "write the names to the host's /etc/hosts, which systemd-resolved serves",
		"network/route":         "add the route on the host",
		"network/portgroup":     "port groups are not supported",
		"network/vlan":          "put the tag into the <interface> of the container",
		"network/bandwidth":     "put the limits into the <interface> of each container",
	}
}

// place is an element that was begun.
type place struct {
	path  string
	exact string         // with the number of each element that has others of its name before it
	count map[string]int // of the children, by name
}

// lines are those of the elements, by their exact path.
type lines map[string]int

// add gives an error of an element the line of that, or of the next one around it that there is.
func (l lines) add(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Line > 0 {
		return err
	}
	path, _, _ := strings.Cut(e.Element, "@")
	for path = strings.ReplaceAll(path, "[1]", ""); path != ""; path = path[:max(strings.LastIndexByte(path, '/'), 0)] {
		if line := l[path]; line > 0 {
			e.Line = line
			break
		}
	}
	return err
}

// check reads a document token by token. It returns the first fault: a form that is not allowed anywhere, or, if the
// document is one of ours, an element or attribute that is not served.
func check(doc []byte, ours bool) (lines, error) {
	if len(doc) > maxSize {
		return nil, invalid("", 0, "the document has %d bytes; the limit is %d", len(doc), maxSize)
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	known, why := served(), instead()
	var stack []place
	at := lines{}
	for {
		line, _ := d.InputPos() // where the token begins
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && len(at) == 0:
			return nil, invalid("", 0, "the document has no element")
		case errors.Is(err, io.EOF):
			return at, nil
		case err != nil:
			return nil, invalid(top(stack), line, "%v", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, invalid(top(stack), line, "a document type is not allowed")
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.StartElement:
			if len(stack) == 0 && (len(at) > 0 || t.Name.Local != "network" || t.Name.Space != "") {
				return nil, invalid("", line, "the document is no <network>: it has <%s>", t.Name.Local)
			}
			if len(stack) == maxDepth {
				return nil, invalid(top(stack), line, "the elements are nested too deep")
			}
			p := place{path: join(stack, t.Name), exact: exact(stack, t.Name), count: map[string]int{}}
			at[p.exact] = line
			if ours {
				if err := element(stack, p.path, t, line, known, why); err != nil {
					return nil, err
				}
			}
			stack = append(stack, p)
		}
	}
}

// element checks one element of a document of ours.
func element(stack []place, path string, t xml.StartElement, line int, known map[string][]string, why map[string]string) error {
	if strings.HasPrefix(path, "network/metadata/") {
		return nil
	}
	attributes, ok := known[path]
	if !ok {
		text := "this element is not supported"
		if reason := why[path]; reason != "" {
			text += ": " + reason
		}
		return unsupported(path, line, "%s", text)
	}
	for _, a := range t.Attr {
		if !slices.Contains(attributes, a.Name.Local) && path != "network/metadata" {
			return unsupported(path+"@"+a.Name.Local, line, "this attribute is not supported")
		}
	}
	if n := len(stack); n > 0 {
		count := stack[n-1].count[t.Name.Local]
		if count > 1 && !slices.Contains([]string{"ip", "host", "forwarder", "interface"}, t.Name.Local) {
			return unsupported(fmt.Sprintf("%s[%d]", path, count), line, "only one is supported")
		}
	}
	return nil
}

// exact returns the path of an element with its number, and counts it.
func exact(stack []place, name xml.Name) string {
	if len(stack) == 0 {
		return name.Local
	}
	around := stack[len(stack)-1]
	around.count[name.Local]++
	path := around.exact + "/" + name.Local
	if n := around.count[name.Local]; n > 1 {
		path += fmt.Sprintf("[%d]", n)
	}
	return path
}

func join(stack []place, name xml.Name) string {
	local := name.Local
	if name.Space != "" {
		local = "{" + name.Space + "}" + local
	}
	if len(stack) == 0 {
		return local
	}
	return top(stack) + "/" + local
}

func top(stack []place) string {
	if len(stack) == 0 {
		return ""
	}
	return stack[len(stack)-1].path
}

func invalid(element string, line int, format string, args ...any) *domain.Error {
	return domain.NewError(domain.InvalidXML, element, line, fmt.Sprintf(format, args...))
}

func unsupported(element string, line int, format string, args ...any) *domain.Error {
	return domain.NewError(domain.InvalidConfig, element, line, fmt.Sprintf(format, args...))
}

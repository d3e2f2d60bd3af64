package apidoc

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// comment matches a comment and the line break before it.
var comment = regexp.MustCompile(`(?s)\n *<!--.*?-->`)

// Annotated returns introspection XML whose comments have become annotations org.gtk.GDBus.DocString, as
// gdbus-codegen(1) and browsers of D-Bus read them.
func Annotated(text string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var out strings.Builder
	doc, copied := "", 0
	for {
		from := int(d.InputOffset())
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return comment.ReplaceAllString(out.String()+text[copied:], ""), nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.Comment:
			doc = dedent(string(t))
		case xml.StartElement:
			if doc == "" || t.Name.Local == "node" {
				continue
			}
			to := int(d.InputOffset())
			tag, alone := strings.CutSuffix(text[from:to], "/>")
			indent := text[strings.LastIndexByte(text[:from], '\n')+1 : from]
			out.WriteString(text[copied:from] + strings.TrimSuffix(tag, ">") + ">\n" + indent + "  " + docString(doc))
			if copied = to; alone {
				out.WriteString("\n" + indent + "</" + t.Name.Local + ">")
			}
			doc = ""
		}
	}
}

func docString(doc string) string {
	var value strings.Builder
	// A reader makes blanks of the line breaks of an attribute, unless they are written as numbers.
	for n, paragraph := range strings.Split(doc, "\n\n") {
		if n > 0 {
			value.WriteString("\n\n")
		}
		if !strings.HasPrefix(paragraph, "- ") && !strings.HasPrefix(paragraph, "    ") {
			paragraph = strings.Join(strings.Fields(paragraph), " ")
		}
		value.WriteString(paragraph)
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;").Replace(value.String())
	return `<annotation name="org.gtk.GDBus.DocString" value="` + escaped + `"/>`
}

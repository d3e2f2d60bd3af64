package apidoc

import (
	"fmt"
	"regexp"
	"strings"
)

// header says where a page comes from.
const header = `.\" Made of contract/introspection/*.xml and org.berth1.5.in by "make man".` + "\n"

var place = regexp.MustCompile(`(?m)^\.\\" @(\w+) (Methods|Signals|Properties)@\n`)

// Page returns the manual page: its template, with the members of the interfaces, by the last word of their names, in
// the places of lines such as .\" @Manager Methods@. It returns an error if a member has no place.
func Page(template string, interfaces map[string]*Interface) (string, error) {
	left := map[string]bool{}
	for name, i := range interfaces {
		for _, m := range i.Members {
			left[name+" "+section(m.Kind)] = true
		}
	}
	var missing error
	page := place.ReplaceAllStringFunc(template, func(line string) string {
		found := place.FindStringSubmatch(line)
		delete(left, found[1]+" "+found[2])
		i := interfaces[found[1]]
		if i == nil {
			missing = fmt.Errorf("there is no interface %s", found[1])
			return ""
		}
		var b strings.Builder
		for _, m := range i.Members {
			if section(m.Kind) == found[2] {
				b.WriteString(".TP\n" + heading(m) + "\n" + Roff(m.Doc))
			}
		}
		return b.String()
	})
	for name := range left {
		missing = fmt.Errorf("the template has no place for %s", name)
	}
	return header + page, missing
}

func section(kind string) string {
	return map[string]string{"method": "Methods", "signal": "Signals", "property": "Properties"}[kind]
}

// heading returns the tag of a member, with its arguments and types.
func heading(m Member) string {
	if m.Kind == "property" {
		return `\fB` + m.Name + `\fR ` + m.Type
	}
	var args []string
	for _, a := range m.Args {
		args = append(args, strings.TrimSpace(a.Direction+` \fI`+strings.ReplaceAll(a.Name, "-", `\-`)+`\fR `+a.Type))
	}
	return `\fB` + m.Name + `\fR(` + strings.Join(args, ", ") + ")"
}

// Roff returns a comment's text as roff, for the body of a tagged paragraph.
func Roff(doc string) string {
	var b strings.Builder
	list := false
	for n, block := range strings.Split(doc, "\n\n") {
		switch {
		case strings.HasPrefix(block, "- "):
			b.WriteString(".RS\n")
			for _, item := range strings.Split("\n"+block, "\n- ")[1:] {
				head, text, _ := strings.Cut(item, ": ")
				b.WriteString(".TP\n" + inline(head) + "\n" + fill(text))
			}
			b.WriteString(".RE\n")
			list = true
			continue
		case n > 0 || list:
			b.WriteString(".IP\n")
		}
		if strings.HasPrefix(block, "    ") {
			b.WriteString(".EX\n")
			for line := range strings.SplitSeq(block, "\n") {
				b.WriteString(strings.ReplaceAll(strings.TrimPrefix(line, "    "), "-", `\-`) + "\n")
			}
			b.WriteString(".EE\n")
			continue
		}
		b.WriteString(fill(block))
	}
	return b.String()
}

// fill breaks a text into lines, one or more for each sentence.
func fill(text string) string {
	const most = 100
	var b strings.Builder
	line := ""
	flush := func() {
		if line != "" {
			b.WriteString(line + "\n")
		}
		line = ""
	}
	for word := range strings.FieldsSeq(inline(text)) {
		if len(line)+1+len(word) > most {
			flush()
		}
		if line != "" {
			line += " "
		} else if strings.HasPrefix(word, ".") || strings.HasPrefix(word, "'") {
			word = `\&` + word // it is no request
		}
		if line += word; strings.HasSuffix(word, ".") {
			flush()
		}
	}
	flush()
	return b.String()
}

var (
	bold   = regexp.MustCompile(`\*([^*\n]+)\*`)
	italic = regexp.MustCompile(`(^|[^A-Za-z0-9_*])_([^_\s](?:[^_]*[^_\s])?)_($|[^A-Za-z0-9_])`)
)

// inline returns a text with its fonts. What is in a font is written as it is typed.
func inline(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	typed := func(font, s string) string { return `\f` + font + strings.ReplaceAll(s, "-", `\-`) + `\fR` }
	text = bold.ReplaceAllStringFunc(text, func(s string) string { return typed("B", strings.Trim(s, "*")) })
	text = italic.ReplaceAllStringFunc(text, func(s string) string {
		m := italic.FindStringSubmatch(s)
		return m[1] + typed("I", m[2]) + m[3]
	})
	return strings.NewReplacer("“", `\(lq`, "”", `\(rq`, "µ", `\(mc`).Replace(text)
}

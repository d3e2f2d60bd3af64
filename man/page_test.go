package man_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// page is the source of a manual page.
type page string

func read(t *testing.T, file string) page {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return page(text)
}

// part is the text of one section.
func (p page) part(title string) string {
	return split(string(p), ".SH")[title]
}

// subsections are the texts of a section's parts, by the first word of their titles.
func (p page) subsections(title string) map[string]string {
	parts := map[string]string{}
	for heading, text := range split(p.part(title), ".SS") {
		name, _, _ := strings.Cut(heading, " ")
		parts[name] = text
	}
	return parts
}

// split cuts a text at a heading macro; what is above the first one is left out.
func split(text, macro string) map[string]string {
	parts := map[string]string{}
	for _, part := range strings.Split("\n"+text, "\n"+macro+" ")[1:] {
		heading, rest, _ := strings.Cut(part, "\n")
		parts[plain(strings.Trim(heading, `"`))] = rest
	}
	return parts
}

// tags are the heads of a text's tagged paragraphs, as a reader sees them.
func tags(text string) []string {
	var list []string
	for _, part := range strings.Split("\n"+text, "\n.TP\n")[1:] {
		line, _, _ := strings.Cut(part, "\n")
		list = append(list, plain(line))
	}
	return list
}

// topTags are those that are not below another one.
func topTags(text string) []string {
	return tags(regexp.MustCompile(`(?s)\n\.RS\n.*?\n\.RE\n`).ReplaceAllString("\n"+text+"\n", "\n"))
}

// plain takes fonts, font macros and escapes away.
func plain(line string) string {
	line = regexp.MustCompile(`^\.[BI]R? `).ReplaceAllString(line, "")
	return regexp.MustCompile(`\\f.|\\(-)`).ReplaceAllString(line, "$1")
}

package cli

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/client"
)

// LibvirtSchema is where libvirt has the RELAX NG schema of its domain XML.
const LibvirtSchema = "/usr/share/libvirt/schemas/domain.rng"

// berthNamespace is that of Berth's own elements, which libvirt's schema does not know.
const berthNamespace = "urn:berth:container:1"

// ErrNoSchema says that a text cannot be compared with libvirt's schema on this host.
var ErrNoSchema = errors.New("libvirt's schema or the program that reads it is missing")

// CheckSchema compares domain XML with a RELAX NG schema by xmllint(1), and returns what is against it. It leaves out
// Berth's own elements. It returns ErrNoSchema if the schema or xmllint is missing.
func CheckSchema(schema string) func(ctx context.Context, text string) ([]client.Fault, error) {
	return func(ctx context.Context, text string) ([]client.Fault, error) {
		if _, err := os.Stat(schema); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: there is no %s; Debian has it in libvirt0", ErrNoSchema, schema)
		}
		tool, err := exec.LookPath("xmllint")
		if err != nil {
			return nil, fmt.Errorf("%w: there is no xmllint; Debian has it in libxml2-utils", ErrNoSchema)
		}
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, tool, "--nonet", "--noout", "--relaxng", schema, "-")
		cmd.Stdin, cmd.Stderr = strings.NewReader(withoutBerth(text)), &said
		cmd.Env = []string{"LC_ALL=C.UTF-8"}
		err = cmd.Run()
		exit, isExit := errors.AsType[*exec.ExitError](err)
		list := schemaFaults(said.String())
		switch {
		case err == nil:
			return nil, nil
		case isExit && len(list) > 0 && (exit.ExitCode() == 1 || exit.ExitCode() == 3): // no XML, or against the schema
			return list, nil
		}
		return nil, fmt.Errorf("xmllint: %w: %.500s", err, said.String())
	}
}

// schemaLine matches a message of xmllint about its standard input.
var schemaLine = regexp.MustCompile(`^-:([0-9]+): (?:element [^ ]+: )?(?:Relax-NG validity|parser|namespace) error : (.+)$`)

func schemaFaults(said string) (list []client.Fault) {
	for line := range strings.Lines(said) {
		if m := schemaLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			n, _ := strconv.ParseUint(m[1], 10, 32)
			list = append(list, client.Fault{Kind: "schema", Line: uint32(n), Text: m[2]})
		}
	}
	return list
}

// withoutBerth returns a document without Berth's own elements; its lines stay where they are. It returns a text that
// is no XML as it is.
func withoutBerth(text string) string {
	d := xml.NewDecoder(strings.NewReader(text))
	var out strings.Builder
	copied, from, depth := 0, 0, 0 // depth is that in one of ours
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String() + text[copied:]
		}
		if err != nil {
			return text
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 && t.Name.Space != berthNamespace {
				continue
			}
			if depth++; depth == 1 {
				from = start
			}
		case xml.EndElement:
			if depth == 0 {
				continue
			}
			if depth--; depth == 0 {
				end := int(d.InputOffset())
				out.WriteString(text[copied:from] + strings.Repeat("\n", strings.Count(text[from:end], "\n")))
				copied = end
			}
		}
	}
}

// errAgainstSchema is wrapped by the error of a text that is against libvirt's schema; the words are libvirt's.
var errAgainstSchema = errors.New("XML document failed to validate against schema")

// errSchema ends a command whose text is against libvirt's schema.
func errSchema(list []client.Fault, file string) error {
	lines := make([]string, len(list))
	for i, f := range list {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, f.Line, f.Text)
	}
	return fmt.Errorf("%w: %s", errAgainstSchema, strings.Join(lines, "\n"))
}

// schema compares a text with libvirt's schema. Where that is missing, it says so and returns no mistakes: berthd
// checks each definition by its own rules.
func (a *app) schema(ctx context.Context, text, file string) ([]client.Fault, error) {
	if a.CheckSchema == nil {
		return nil, nil
	}
	list, err := a.CheckSchema(ctx, text)
	if errors.Is(err, ErrNoSchema) {
		a.warn(file, fmt.Sprintf("not compared with libvirt's schema: %v", err))
		return nil, nil
	}
	return list, err
}

// warn prints one warning about a file.
func (a *app) warn(where, text string) {
	fmt.Fprintf(a.Err, "warning: %s: %s\n", printable(where), printable(text))
}

// warnWithoutEffect prints one warning that names all that a definition or device has without effect. It must come
// after what was asked for is done: no error is one of that.
func (a *app) warnWithoutEffect(ctx context.Context, d Daemon, xml, file string, device bool) {
	list, err := d.WithoutEffect(ctx, xml, device)
	if err != nil || len(list) == 0 {
		return
	}
	a.warn(file, namesIdle(list))
}

// maxNamed is the most elements that a warning names.
const maxNamed = 40

func namesIdle(list []client.Fault) string {
	var names []string
	for i, f := range list {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		names = append(names, strings.TrimPrefix(f.Element, "domain/"))
	}
	return "kept, and without effect in a container, as with libvirt: " + strings.Join(names, ", ")
}

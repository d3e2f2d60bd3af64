package apidoc

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const example = `<node>
  <!-- An example. -->
  <interface name="org.example.Thing">
    <!--
      Does *it-all* with _x_. See sd_listen_fds(3).

      - *a* s: One.
      - *b*, *c* u: Two,
        and more.

          code -x

      .profile is last.
    -->
    <method name="Do">
      <arg name="what" type="s" direction="in"/>
      <arg name="done" type="b" direction="out"/>
    </method>
    <!-- Ready. -->
    <property name="Ready" type="b" access="read"/>
    <!-- Gone. -->
    <signal name="Gone"><arg name="why" type="s"/></signal>
  </interface>
</node>`

// TestPage: each member is in its place with its arguments, and the paragraphs, lists and fonts of its comment are
// roff.
func TestPage(t *testing.T) {
	t.Parallel()
	i, err := Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	const template = ".TH X 5\n.\\\" @Thing Methods@\n.SS P\n.\\\" @Thing Properties@\n.\\\" @Thing Signals@\n.SH END\n"
	got, err := Page(template, map[string]*Interface{"Thing": i})
	if err != nil {
		t.Fatal(err)
	}
	want := header + `.TH X 5
.TP
\fBDo\fR(in \fIwhat\fR s, out \fIdone\fR b)
Does \fBit\-all\fR with \fIx\fR.
See sd_listen_fds(3).
.RS
.TP
\fBa\fR s
One.
.TP
\fBb\fR, \fBc\fR u
Two, and more.
.RE
.IP
.EX
code \-x
.EE
.IP
\&.profile is last.
.SS P
.TP
\fBReady\fR b
Ready.
.TP
\fBGone\fR(\fIwhy\fR s)
Gone.
.SH END
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := Page(strings.Replace(template, "@Thing Signals@", "", 1), map[string]*Interface{"Thing": i}); err == nil {
		t.Error("a member without a place is no error")
	}
	if _, err := Page(template+".\\\" @Nosuch Methods@\n", map[string]*Interface{"Thing": i}); err == nil {
		t.Error("a place without an interface is no error")
	}
}

// TestAnnotated: each comment becomes an annotation of its element, with its paragraphs, and all else stays.
func TestAnnotated(t *testing.T) {
	t.Parallel()
	got, err := Annotated(example)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<interface name=\"org.example.Thing\">\n    <annotation name=\"org.gtk.GDBus.DocString\" value=\"An example.\"/>\n    <method",
		"value=\"Does *it-all* with _x_. See sd_listen_fds(3).&#10;&#10;- *a* s: One.&#10;- *b*, *c* u: Two,&#10;  and more.&#10;&#10;    code -x&#10;&#10;.profile is last.\"/>\n      <arg name=\"what\"",
		"access=\"read\">\n      <annotation name=\"org.gtk.GDBus.DocString\" value=\"Ready.\"/>\n    </property>\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "<!--") {
		t.Errorf("comments are left:\n%s", got)
	}
	var before, after any
	for _, one := range []struct {
		text string
		to   *any
	}{{example, &before}, {strings.ReplaceAll(got, "org.gtk.GDBus.DocString", ""), &after}} {
		i, err := introspect(one.text)
		if err != nil {
			t.Fatal(err)
		}
		*one.to = i
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	if _, err := Annotated("<node><a"); err == nil {
		t.Error("half of a document is no error")
	}
}

// introspect reads the members of introspection XML without their documentation.
func introspect(text string) ([]Member, error) {
	i := &Interface{}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return i.Members, nil
		}
		if err != nil {
			return nil, err
		}
		if t, ok := token.(xml.StartElement); ok {
			i.element(t, "")
		}
	}
}

// TestComments: a member or an interface without a comment is an error.
func TestComments(t *testing.T) {
	t.Parallel()
	for _, comment := range []string{"<!-- Ready. -->", "<!-- An example. -->"} {
		if _, err := Parse(strings.Replace(example, comment, "", 1)); err == nil {
			t.Errorf("without %s there is no error", comment)
		}
	}
	if _, err := Parse("<node><!-- x -->"); err == nil {
		t.Error("half of a document is no error")
	}
}

package peers

import (
	"bytes"
	"encoding/xml"
)

// idmap gives a container a user namespace. The ids are those of the first user in a distribution's
// subuid file.
const idmap = `<idmap>
    <uid start="0" target="100000" count="65536"/>
    <gid start="0" target="100000" count="65536"/>
  </idmap>`

// domainXML returns the definition that Berth and libvirt get. It is the same for both. more has further
// elements, and may be empty.
func domainXML(name, root, more string) string {
	var dir bytes.Buffer
	// A bytes.Buffer never fails.
	_ = xml.EscapeText(&dir, []byte(root))
	return `<domain type="lxc">
  <name>` + name + `</name>
  <memory>65536</memory>
  ` + more + `
  <os>
    <type>exe</type>
    <init>/tinit</init>
  </os>
  <devices>
    <filesystem type="mount">
      <source dir="` + dir.String() + `"/>
      <target dir="/"/>
    </filesystem>
    <console type="pty"/>
  </devices>
</domain>
`
}

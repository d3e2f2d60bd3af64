package peers

import (
	"bytes"
	"encoding/xml"
)

// domainXML is the definition that Berth and libvirt get, word for word the same.
func domainXML(id int, root string) string {
	var dir bytes.Buffer
	// A bytes.Buffer never fails.
	_ = xml.EscapeText(&dir, []byte(root))
	return `<domain type="lxc">
  <name>` + name(id) + `</name>
  <memory>65536</memory>
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

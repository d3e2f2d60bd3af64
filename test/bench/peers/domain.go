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

// systemdXML returns the definition of a container with systemd as init, for a root of package guest. Its start can be
// waited for until systemd is ready.
func systemdXML(name, root string) string {
	return `<domain type="lxc" xmlns:berth="urn:berth:container:1">
  <name>` + name + `</name>
  <memory>262144</memory>
  <os>
    <type>exe</type>
    <init>/usr/lib/systemd/systemd</init>
    <initarg>--unit=basic.target</initarg>
  </os>
  <devices>
    <filesystem type="mount">
      <source dir="` + escaped(root) + `"/>
      <target dir="/"/>
    </filesystem>
    <filesystem type="mount">
      <source dir="/usr"/>
      <target dir="/usr"/>
      <readonly/>
    </filesystem>
    <console type="pty"/>
  </devices>
  <berth:container>
    <berth:notify/>
  </berth:container>
</domain>
`
}

// domainXML returns the definition that Berth and libvirt get. It is the same for both. more and devices have further
// elements, and may be empty.
func domainXML(name, root, more, devices string) string {
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
      <source dir="` + escaped(root) + `"/>
      <target dir="/"/>
    </filesystem>
    <console type="pty"/>
    ` + devices + `
  </devices>
</domain>
`
}

func escaped(text string) string {
	var out bytes.Buffer
	// A bytes.Buffer never fails.
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

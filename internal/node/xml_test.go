package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSysinfo: the firmware's words are in libvirt's entries, an empty one is left out, and no firmware is none.
func TestSysinfo(t *testing.T) {
	t.Parallel()
	f := Firmware{"bios_vendor": "ACME & Co", "sys_vendor": "ACME", "product_serial": "4711", "board_name": "B1", "chassis_asset_tag": "X"}
	got, found, err := f.Sysinfo()
	want := `<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>ACME &amp; Co</entry>
  </bios>
  <system>
    <entry name='manufacturer'>ACME</entry>
    <entry name='serial'>4711</entry>
  </system>
  <baseBoard>
    <entry name='product'>B1</entry>
  </baseBoard>
  <chassis>
    <entry name='asset'>X</entry>
  </chassis>
</sysinfo>
`
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("%t, %v, -want +got\n%s", found, err, diff)
	}
	if text, found, err := (Firmware{"modalias": "x"}).Sysinfo(); found || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if rest := f.Without(Secrets()); rest["product_serial"] != "" || rest["sys_vendor"] != "ACME" || f["product_serial"] == "" {
		t.Errorf("without secrets: %v", rest)
	}
}

// TestDomainCapabilities: they are those of containers of this host, and of nothing else.
func TestDomainCapabilities(t *testing.T) {
	t.Parallel()
	i := hostOf(1, 1, 2, 1)
	i.Arch, i.Arch32 = "x86_64", "i686"
	got, found, err := DomainCapabilities(i, Wanted{})
	want := `<domainCapabilities>
  <path>/usr/lib/libvirt/libvirt_lxc</path>
  <domain>lxc</domain>
  <arch>x86_64</arch>
  <vcpu max='2'/>
  <os supported='no'/>
  <memoryBacking supported='no'/>
  <devices>
    <disk supported='yes'>
      <enum name='diskDevice'>
        <value>disk</value>
      </enum>
    </disk>
    <graphics supported='no'/>
    <video supported='no'/>
    <hostdev supported='yes'>
      <enum name='mode'>
        <value>subsystem</value>
        <value>capabilities</value>
      </enum>
      <enum name='subsysType'>
        <value>usb</value>
      </enum>
      <enum name='capsType'>
        <value>storage</value>
        <value>misc</value>
        <value>net</value>
      </enum>
    </hostdev>
    <rng supported='no'/>
    <filesystem supported='yes'>
      <enum name='driverType'>
        <value>path</value>
        <value>loop</value>
        <value>nbd</value>
      </enum>
    </filesystem>
    <tpm supported='no'/>
    <redirdev supported='no'/>
    <channel supported='no'/>
  </devices>
</domainCapabilities>
`
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("%t, %v, -want +got\n%s", found, err, diff)
	}
	for name, tc := range map[string]struct {
		wanted Wanted
		found  bool
	}{
		"all of it": {Wanted{Emulator: emulator, Arch: "i686", Type: "lxc"}, true},
		"kvm":       {Wanted{Type: "kvm"}, false}, "another processor": {Wanted{Arch: "s390x"}, false},
		"a machine": {Wanted{Machine: "q35"}, false}, "another program": {Wanted{Emulator: "/usr/bin/qemu"}, false},
	} {
		if _, found, err := DomainCapabilities(i, tc.wanted); found != tc.found || err != nil {
			t.Errorf("%s: %t, %v", name, found, err)
		}
	}
}

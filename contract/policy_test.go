package contract

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPolicy: the bus policy lets root own the name and hear its signals, and nobody else. Everybody may call it, send
// it nothing else, and hear the signals that have one receiver. systemd-networkd and polkitd may tell the connection
// that calls others of leases and of changed rules.
func TestPolicy(t *testing.T) {
	t.Parallel()
	type rule struct {
		Own         string `xml:"own,attr"`
		Destination string `xml:"send_destination,attr"`
		Sender      string `xml:"receive_sender,attr"`
		Type        string `xml:"receive_type,attr"`
		Sends       string `xml:"send_type,attr"`
		Hears       string `xml:"receive_interface,attr"`
		Interface   string `xml:"send_interface,attr"`
	}
	type policy struct {
		User    string `xml:"user,attr"`
		Context string `xml:"context,attr"`
		Allow   []rule `xml:"allow"`
		Deny    []rule `xml:"deny"`
	}
	var config struct {
		XMLName  xml.Name `xml:"busconfig"`
		Policies []policy `xml:"policy"`
	}
	text, err := os.ReadFile("org.berth1.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	const name, caller = BusName, CallerName
	want := []policy{
		{User: "root", Allow: []rule{{Own: name}, {Destination: name}, {Sender: name}, {Own: caller}, {Destination: caller}}},
		{User: "systemd-network", Allow: []rule{{Destination: caller, Sends: "signal", Interface: "org.freedesktop.DBus.Properties"}}},
		{User: "polkitd", Allow: []rule{{Destination: caller, Sends: "signal", Interface: "org.freedesktop.PolicyKit1.Authority"}}},
		{Context: "default", Allow: []rule{{Destination: name, Sends: "method_call"}, {Sender: name, Type: "signal", Hears: WatchInterface}}, Deny: []rule{{Destination: name}, {Destination: caller}, {Sender: name, Type: "signal"}}},
	}
	if diff := cmp.Diff(want, config.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

// TestPolicyOrder: of two rules that match, the later one counts: what everybody may do comes after what nobody may.
func TestPolicyOrder(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("org.berth1.conf")
	if err != nil {
		t.Fatal(err)
	}
	_, others, _ := strings.Cut(string(text), `<policy context="default">`)
	for _, pair := range [][2]string{
		{`<deny send_destination="org.berth1"/>`, `<allow send_destination="org.berth1" send_type="method_call"/>`},
		{`<deny receive_sender="org.berth1" receive_type="signal"/>`, `<allow receive_sender="org.berth1" receive_type="signal" receive_interface="org.berth1.Watch"/>`},
	} {
		deny, allow := strings.Index(others, pair[0]), strings.Index(others, pair[1])
		if deny < 0 || allow < deny {
			t.Errorf("%s at %d, %s at %d", pair[0], deny, pair[1], allow)
		}
	}
}

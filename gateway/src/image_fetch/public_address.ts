import { BlockList, isIP } from "node:net";

/**
 * IPv4 that is not the internet: RFC 6890 and its successors, multicast, what is reserved, and the one public address that
 * a cloud answers its own machines on (168.63.129.16).
 */
const NOT_PUBLIC_4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32"],
  ...["169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"],
  ...["192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];

/** Of what IANA gave out to the IPv6 internet: what holds an IPv4 address (Teredo, 6to4), and examples. */
const NOT_PUBLIC_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const PUBLIC_6 = subnets(["2000::/3"]);
const NOT_PUBLIC = subnets([...NOT_PUBLIC_4, ...NOT_PUBLIC_6]);

/**
 * Whether an address is one of the internet at large. Of IPv6 only what was given out counts: that leaves out loopback,
 * link-local, unique local, and every way to write an IPv4 address in it.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !NOT_PUBLIC.check(address, "ipv4");
  // A zone names a link of this machine.
  if (version !== 6 || address.includes("%")) return false;
  return PUBLIC_6.check(address, "ipv6") && !NOT_PUBLIC.check(address, "ipv6");
}

function subnets(list: readonly string[]): BlockList {
  const subnet = new BlockList();
  for (const each of list) {
    const [net = "", prefix] = each.split("/");
    subnet.addSubnet(net, Number(prefix), isIP(net) === 4 ? "ipv4" : "ipv6");
  }
  return subnet;
}

/** The host that an operator listed. */
export const LISTED_HOST = "images.example.org";

/** A URL of a question that must be refused before anything is connected to. */
export type RefusedUrl = {
  readonly what: string;
  readonly url: string;
  readonly hosts: readonly string[];
  /** What the host's name leads to. */
  readonly answers: readonly string[];
};

/** Ways to another place than the listed host. */
const ELSEWHERE = [
  `http://${LISTED_HOST}/a.png`,
  `ftp://${LISTED_HOST}/a.png`,
  "file:///etc/passwd",
  "gopher://127.0.0.1:6379/_FLUSHALL",
  `https://${LISTED_HOST}:8443/a.png`,
  `https://${LISTED_HOST}./a.png`,
  `https://${LISTED_HOST}.evil.example/a.png`,
  `https://evil-${LISTED_HOST}/a.png`,
  `https://${LISTED_HOST}@evil.example/a.png`,
  `https://user:secret@${LISTED_HOST}/a.png`,
  `https://evil.example/${LISTED_HOST}`,
  `https://evil.example#${LISTED_HOST}`,
  `https://evil.example\\@${LISTED_HOST}/a.png`,
  "https:///a.png",
  "https://",
  "https://metadata.google.internal/computeMetadata/v1/",
  "https://localhost/a.png",
  "https://kubernetes.default.svc/api",
];

/** Addresses as the host of a URL, in every way to write them. */
const LITERALS = [
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "%31%32%37.0.0.1",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "0",
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "100.100.100.200",
  "168.63.129.16",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b:1::7f00:1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[2002:7f00:1::]",
];

/** Answers to the listed host's name. */
const ANSWERS = [
  ...["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"],
  ...["127.0.0.1", "127.255.255.254", "0.0.0.0", "169.254.169.254", "100.100.100.200"],
  ...["168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"],
  ...["224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...["::", "::1", "::ffff:10.0.0.1", "::ffff:a00:1", "::10.0.0.1", "64:ff9b::a00:1"],
  ...["64:ff9b:1::a00:1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "3fff::1"],
  ...["fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"],
];

/** URLs that must connect to nothing, with the hosts that an operator listed and what their names lead to. */
export const REFUSED_URLS: readonly RefusedUrl[] = [
  ...ELSEWHERE.map((url) => ({ what: url, url, hosts: [LISTED_HOST], answers: ["93.184.216.34"] })),
  ...LITERALS.map((host) => ({
    what: `https://${host}/, unlisted`,
    url: `https://${host}/a.png`,
    hosts: [LISTED_HOST],
    answers: [],
  })),
  // An operator who lists an address by mistake.
  ...LITERALS.filter((host) => URL.canParse(`https://${host}`)).map((host) => ({
    what: `https://${host}/, listed`,
    url: `https://${host}/a.png`,
    hosts: [new URL(`https://${host}`).host],
    answers: [],
  })),
  ...ANSWERS.map((answer) => ({
    what: `a name that leads to ${answer}`,
    url: `https://${LISTED_HOST}/a.png`,
    hosts: [LISTED_HOST],
    answers: [answer],
  })),
  {
    what: "a name of which one address is inside",
    url: `https://${LISTED_HOST}/a.png`,
    hosts: [LISTED_HOST],
    answers: ["93.184.216.34", "10.0.0.1"],
  },
  {
    what: "a name without an address",
    url: `https://${LISTED_HOST}/a.png`,
    hosts: [LISTED_HOST],
    answers: [],
  },
];

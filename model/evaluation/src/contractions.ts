/** Every contraction of the VQA evaluation's table that a lower-cased text can hold. */
const FORMS = `
  ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't
  he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've
  mustn't must've needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't
  shouldn't've somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's
  something'd something'd've something'll that's there'd there'd've there're there's they'd they'd've
  they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's
  where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
  wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've`;

/**
 * A contraction that has lost one of its apostrophes, and the whole one. The published table has one entry the other
 * way round, which is kept.
 *
 * @see {@link https://arxiv.org/abs/1505.00468 | Antol and others 2015}, whose evaluation code it comes from
 */
export const CONTRACTIONS: ReadonlyMap<string, string> = new Map([
  ...FORMS.trim()
    .split(/\s+/)
    .flatMap((form) => withoutOneApostrophe(form).map((damaged) => [damaged, form] as const)),
  ["somebody'd", "somebodyd"],
]);

function withoutOneApostrophe(form: string): string[] {
  return [...form.matchAll(/'/g)].map(({ index }) => form.slice(0, index) + form.slice(index + 1));
}

/** A number that is set by moving. */
export function Slider({
  name,
  value,
  text = String(value),
  least,
  most,
  step = 1,
  onChange,
}: {
  readonly name: string;
  readonly value: number;
  /** How the value is shown and read out. */
  readonly text?: string;
  readonly least: number;
  readonly most: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <label>
      {name}
      <input
        type="range"
        min={Math.floor(least)}
        max={Math.ceil(most)}
        step={step}
        value={value}
        aria-valuetext={text}
        onInput={({ target }: Event) => {
          if (target instanceof HTMLInputElement) onChange(Number(target.value));
        }}
      />
      <output>{text}</output>
    </label>
  );
}

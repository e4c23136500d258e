/** Elements without a framework: text is always text. */

type Handlers = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
export type Child = Node | string | undefined | false;

export interface Props {
  class?: string;
  text?: string;
  title?: string;
  on?: Handlers;
  /** Any attributes; false leaves one out, true is an empty one. */
  attrs?: Record<string, string | number | boolean>;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.text !== undefined) element.textContent = props.text;
  if (props.title !== undefined) element.title = props.title;
  for (const [name, value] of Object.entries(props.attrs ?? {})) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, handler] of Object.entries(props.on ?? {})) {
    element.addEventListener(name, handler as EventListener);
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** Changes the text only where it differs: unchanged text costs no layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttr(element: Element, name: string, value: string | number | boolean): void {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** A button that shows an icon and says what it does. */
export function iconButton(icon: Node, label: string, key: string, click: () => void): HTMLButtonElement {
  const title = key === "" ? label : `${label} (${key})`;
  const attrs = { type: "button", "aria-label": label };
  return h("button", { class: "icon", title, attrs, on: { click } }, icon);
}

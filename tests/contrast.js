// The words under an element that stand out too little from what is behind them (WCAG 2.2, 1.4.3: 4.5, large text 3).
(root) => {
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return [...parts.slice(0, 3).map((part) => part * scale), parts[3] ?? 1];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, index) => part * a + below[index] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const layer = parse(getComputedStyle(one).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const isShown = (element) => element.checkVisibility() && element.getClientRects().length > 0 && !element.closest(".unseen, .skip, :disabled, .switch input")
    && getComputedStyle(element).clipPath === "none" && element.getBoundingClientRect().width > 2;
  const faint = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || ["SCRIPT", "NOSCRIPT", "OPTION", "STYLE"].includes(element.tagName) || !isShown(element)) continue;
    const style = getComputedStyle(element);
    const below = behind(element);
    const [one, other] = [light(over(parse(style.color), below)), light(below)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) faint.push([words.slice(0, 40), Number(ratio.toFixed(2)), style.color, below.map(Math.round).join(" ")]);
  }
  return faint;
}

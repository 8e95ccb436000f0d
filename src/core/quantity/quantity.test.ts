import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addQuantities,
  bytesOf,
  compareQuantities,
  formatQuantity,
  isQuantityError,
  milliOf,
  parseQuantity,
  parseQuantityJson,
  plainAmount,
  type Quantity,
  quantityFitsInt64,
  quantityFromInteger,
  quantityFromMilli,
  quantityMilliValue,
  quantityOrZero,
  quantityValue,
  roundUpQuantity,
  subtractQuantities,
  ZERO_QUANTITY,
} from "./index.ts";

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text);
  assert.ok(!isQuantityError(parsed), `${text} is no quantity`);
  return parsed;
}

describe("quantity", () => {
  it("prints the written text where Kubernetes would, else the canonical one", () => {
    assert.equal(formatQuantity(quantity("1.50")), "1500m");
    assert.equal(formatQuantity(quantity("1.500")), "1.500");
    assert.equal(formatQuantity(quantity("1.501")), "1.501");
    assert.equal(formatQuantity(quantity("+1025Ki")), "+1025Ki");
    assert.equal(formatQuantity(quantity("+1Pi")), "1Pi");
  });

  it("prints no unit for powers that have none, as Kubernetes does", () => {
    assert.equal(formatQuantity(quantity("1000E")), "1");
  });

  it("takes a lone sign and a lone unit for zero, but not an exponent alone", () => {
    assert.equal(quantityValue(quantity("-")), 0n);
    assert.equal(quantityValue(quantity("Mi")), 0n);
    assert.deepEqual(parseQuantity("e-10"), {
      code: "numeric",
      error: "unable to parse numeric part of quantity",
    });
  });

  it("keeps the low 32 bits of a decimal exponent and refuses one beyond 64 bits", () => {
    assert.equal(quantityValue(quantity("1e4294967298")), 100n);
    assert.deepEqual(parseQuantity("1e9223372036854775808"), {
      code: "suffix",
      error: "unable to parse quantity's suffix",
    });
  });

  it("rounds a negative fraction away from zero, but a big decimal one towards zero, as Kubernetes does", () => {
    assert.equal(quantityValue(quantity("-1.5")), -2n);
    assert.equal(quantityValue(quantity("-0.1Ki")), -101n);
  });

  it("gives 0 or a wrapped number beyond 64 bits, and can tell before", () => {
    assert.equal(quantityValue(quantity("10E")), 0n);
    assert.equal(quantityFitsInt64(quantity("10E")), false);
    assert.equal(quantityMilliValue(quantity("999999999999999999")), 3875820019684211736n);
    assert.equal(quantityFitsInt64(quantity("999999999999999999"), -3), false);
    assert.equal(quantityFitsInt64(quantity("-9223372036854775808")), true);
  });

  it("answers at once for absurd exponents", () => {
    const huge = quantity("1e2000000000");
    const tiny = quantity("123456789012345678901e-2000000000");
    assert.equal(compareQuantities(huge, tiny), 1);
    assert.equal(compareQuantities(subtractQuantities(ZERO_QUANTITY, huge), tiny), -1);
    assert.equal(formatQuantity(tiny), "1e-9");
    assert.equal(compareQuantities(addQuantities(huge, quantity("1")), huge), 0);
    assert.equal(quantityFitsInt64(huge), false);
    assert.equal(formatQuantity(addQuantities(quantity("1Gi"), huge)), "100");
  });

  it("compares numbers of far apart scales exactly", () => {
    assert.equal(
      compareQuantities(quantity("1e50"), quantity("100000000000000000000000000000000000000000000000000")),
      0,
    );
    assert.equal(compareQuantities(quantity("-1e50"), quantity("-1n")), -1);
  });

  it("leaves int64 when a sum does, and stays exact", () => {
    const sum = addQuantities(quantity("9223372036854775e3"), quantity("999999999999"));
    assert.equal(sum.isBigDecimal, true);
    assert.equal(formatQuantity(sum), "9223373036854774999");
  });

  it("takes the format of the second operand only when the first is zero", () => {
    assert.equal(formatQuantity(addQuantities(quantity("0"), quantity("2048"))), "2048");
    assert.equal(formatQuantity(addQuantities(quantity("0"), quantity("2Ki"))), "2Ki");
    assert.equal(formatQuantity(addQuantities(quantity("1k"), quantity("1Ki"))), "2024");
  });

  it("rounds up to thousandths for defaulting and keeps what is coarse enough as it was written", () => {
    assert.equal(formatQuantity(roundUpQuantity(quantity("0.1m"), -3)), "1m");
    assert.equal(formatQuantity(roundUpQuantity(quantity("-1500u"), -3)), "-2m");
    assert.equal(formatQuantity(roundUpQuantity(quantity("01"), -3)), "01");
  });

  it("is made of integers and thousandths", () => {
    assert.equal(formatQuantity(quantityFromInteger(1536 * 1024 ** 2, "BinarySI")), "1536Mi");
    assert.equal(formatQuantity(quantityFromMilli(4000)), "4");
  });

  it("reads JSON null as zero without a format and reports JSON syntax in Go's words", () => {
    assert.deepEqual(parseQuantityJson(" null "), { ...ZERO_QUANTITY, format: "", text: "" });
    assert.deepEqual(parseQuantityJson('{"a":1,}'), {
      code: "json",
      error: "invalid character '}' looking for beginning of object key string",
    });
    assert.deepEqual(parseQuantityJson("1."), {
      code: "json",
      error: "invalid character ' ' after decimal point in numeric literal",
    });
    assert.deepEqual(parseQuantityJson('"1'), { code: "json", error: "unexpected end of JSON input" });
    assert.deepEqual(parseQuantityJson("[".repeat(10_001)), { code: "json", error: "exceeded max depth" });
  });
});

describe("plain amounts", () => {
  const texts = ["0", "2", "64Mi", "1.5Gi", "0.1Ki", "100m", "1500u", "-1", "1e3", "9007199254740993", "4096Ti", ""];

  it("are the very numbers of the exact way", () => {
    for (const text of texts) {
      assert.equal(bytesOf(text), Number(quantityValue(quantityOrZero(text))), text);
      assert.equal(milliOf(text), Number(quantityMilliValue(quantityOrZero(text))), text);
    }
  });

  it("are only given where they are exact", () => {
    assert.deepEqual(texts.map(plainAmount).filter((amount) => amount === undefined).length, 7);
  });

  it("count nothing and nonsense as zero, and numbers of undecoded manifests as numbers", () => {
    assert.equal(bytesOf(undefined), 0);
    assert.equal(milliOf("lots"), 0);
    assert.equal(bytesOf(1000), 1000);
    assert.equal(milliOf(0.5), 500);
  });
});

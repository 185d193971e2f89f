// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/**
 * Writes the few ASN.1 types that certificate requests and certificates need, in DER (ITU-T X.690).
 * Each method returns one whole element; elements nest by concatenation. Pure, safe for any thread.
 */
public final class DerWriter {
    private static final int BOOLEAN = 0x01;
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OCTET_STRING = 0x04;
    private static final int OBJECT_IDENTIFIER = 0x06;
    private static final int UTF8_STRING = 0x0c;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int CONTEXT_CONSTRUCTED = 0xa0;
    private static final int CONTEXT_PRIMITIVE = 0x80;

    private DerWriter() {}

    /** SEQUENCE of the given elements. */
    public static byte[] sequence(byte[]... elements) {
        return element(SEQUENCE, concatenated(elements));
    }

    /** SET of one element; sorting, which DER asks of more, is then no question. */
    public static byte[] set(byte[] onlyElement) {
        return element(SET, onlyElement);
    }

    /** INTEGER. */
    public static byte[] integer(BigInteger value) {
        return element(INTEGER, value.toByteArray());
    }

    /** BOOLEAN TRUE; FALSE is always a default and therefore never written. */
    public static byte[] booleanTrue() {
        return element(BOOLEAN, new byte[] {(byte) 0xff});
    }

    /** BIT STRING with the given number of unused bits at its end, 0 to 7. */
    public static byte[] bitString(int unusedBits, byte... content) {
        return element(BIT_STRING, concatenated(new byte[] {(byte) unusedBits}, content));
    }

    /** OCTET STRING. */
    public static byte[] octetString(byte[] content) {
        return element(OCTET_STRING, content);
    }

    /** UTF8String. */
    public static byte[] utf8String(String text) {
        return element(UTF8_STRING, text.getBytes(StandardCharsets.UTF_8));
    }

    /** OBJECT IDENTIFIER from its dotted form, for instance {@code 2.5.4.3}. */
    public static byte[] objectIdentifier(String dotted) {
        String[] arcs = dotted.split("\\.", -1);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        writeBase128(content, Long.parseLong(arcs[0]) * 40 + Long.parseLong(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            writeBase128(content, Long.parseLong(arcs[i]));
        }
        return element(OBJECT_IDENTIFIER, content.toByteArray());
    }

    /** A constructed element with a context-specific tag, {@code [tag]}, tag 0 to 30. */
    public static byte[] tagged(int tag, byte[]... elements) {
        return element(CONTEXT_CONSTRUCTED | tag, concatenated(elements));
    }

    /** An element with an implicit context-specific tag over a primitive, tag 0 to 30. */
    public static byte[] taggedPrimitive(int tag, byte[] content) {
        return element(CONTEXT_PRIMITIVE | tag, content);
    }

    /**
     * A name with one attribute per RDN: {@code CN} last, as Kubernetes writes it after {@code O}.
     */
    static byte[] name(String commonName, String organization) {
        byte[] cn = set(sequence(objectIdentifier("2.5.4.3"), utf8String(commonName)));
        if (organization.isEmpty()) {
            return sequence(cn);
        }
        return sequence(set(sequence(objectIdentifier("2.5.4.10"), utf8String(organization))), cn);
    }

    /** Any element, by its identifier octet. */
    public static byte[] element(int identifier, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 6);
        out.write(identifier);
        writeLength(out, content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concatenated(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static void writeLength(ByteArrayOutputStream out, int length) {
        if (length < 0x80) {
            out.write(length);
            return;
        }
        int octets = (32 - Integer.numberOfLeadingZeros(length) + 7) / 8;
        out.write(0x80 | octets);
        for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) {
            out.write(length >>> shift);
        }
    }

    private static void writeBase128(ByteArrayOutputStream out, long value) {
        int groups = Math.max(1, (64 - Long.numberOfLeadingZeros(value) + 6) / 7);
        for (int group = groups - 1; group > 0; group--) {
            out.write(((int) (value >>> (7 * group)) & 0x7f) | 0x80);
        }
        out.write((int) value & 0x7f);
    }
}

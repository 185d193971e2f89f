// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.OpenSsl;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DerWriterTest {
    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 255, 256, 65_535, 65_536})
    void opensslReadsEveryFormOfLength(int length) throws Exception {
        Files.write(folder.resolve("x.der"), DerWriter.octetString(new byte[length]));

        assertThat(OpenSsl.run(folder, "asn1parse -inform DER -in x.der"))
                .containsPattern("l= *" + length + " prim: OCTET STRING");
    }

    @Test
    void writesObjectIdentifiersAsX690Does() {
        assertThat(hex(DerWriter.objectIdentifier("1.2.840.10045.4.3.2")))
                .isEqualTo("06082a8648ce3d040302");
        assertThat(hex(DerWriter.objectIdentifier("2.999.3"))).isEqualTo("0603883703");
        assertThat(hex(DerWriter.objectIdentifier("2.5.29.17"))).isEqualTo("0603551d11");
    }

    @Test
    void writesSmallElementsAsX690Does() {
        assertThat(hex(DerWriter.integer(BigInteger.valueOf(128)))).isEqualTo("02020080");
        assertThat(hex(DerWriter.booleanTrue())).isEqualTo("0101ff");
        assertThat(hex(DerWriter.bitString(7, (byte) 0x80))).isEqualTo("03020780");
        assertThat(hex(DerWriter.tagged(0))).isEqualTo("a000");
        assertThat(hex(DerWriter.taggedPrimitive(2, new byte[] {'a'}))).isEqualTo("820161");
        assertThat(hex(DerWriter.set(DerWriter.utf8String("é")))).isEqualTo("31040c02c3a9");
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.wire.LineSplitter.LineTooLongException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineSplitterTest {
    private final List<String> lines = new ArrayList<>();
    private final LineSplitter splitter =
            new LineSplitter(1_000, line -> lines.add(new String(line, UTF_8)));

    @Test
    void cutsTheSameLinesHoweverTheStreamIsCut() throws Exception {
        Random random = new Random(3);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            expected.add("{\"é\":\"" + "x".repeat(random.nextInt(900)) + "\"}");
        }
        byte[] stream = (String.join("\n", expected) + "\n").getBytes(UTF_8);
        for (int round = 0; round < 20; round++) {
            lines.clear();
            int at = 0;
            while (at < stream.length) {
                int next = Math.min(stream.length, at + 1 + random.nextInt(2_500));
                splitter.add(Arrays.copyOfRange(stream, at, next));
                at = next;
            }
            assertThat(lines).isEqualTo(expected);
            assertThat(splitter.complete()).isTrue();
        }
    }

    @Test
    void skipsEmptyLinesAndCarriageReturns() throws Exception {
        splitter.add("\n\r\na\r".getBytes(UTF_8));
        splitter.add("\nb\n".getBytes(UTF_8));

        assertThat(lines).containsExactly("a", "b");
    }

    @Test
    void knowsThatTheLastLineWasCut() throws Exception {
        splitter.add("whole\nhal".getBytes(UTF_8));

        assertThat(lines).containsExactly("whole");
        assertThat(splitter.complete()).isFalse();
    }

    @Test
    void takesALineOfTheLimitAndNoByteMore() throws Exception {
        splitter.add(("x".repeat(1_000) + "\n").getBytes(UTF_8));
        assertThat(lines).containsExactly("x".repeat(1_000));

        assertThatThrownBy(() -> splitter.add(("x".repeat(1_001) + "\n").getBytes(UTF_8)))
                .isInstanceOf(LineTooLongException.class);
    }

    @Test
    void anEndlessLineIsRefusedBeforeItIsKept() throws Exception {
        splitter.add("x".repeat(999).getBytes(UTF_8));

        assertThatThrownBy(() -> splitter.add("xx".getBytes(UTF_8)))
                .isInstanceOf(LineTooLongException.class)
                .hasMessageContaining("1000");
    }
}

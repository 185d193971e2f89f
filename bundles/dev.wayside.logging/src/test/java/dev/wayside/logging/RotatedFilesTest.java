// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatedFilesTest {
    @TempDir Path folder;

    @Test
    void keepsNoMoreThanItsBoundsAndTheNewestLines() throws IOException {
        Path file = folder.resolve("logs/gateway.log");
        RotatedFiles files = new RotatedFiles(file, 1024, 2);
        for (int i = 0; i < 500; i++) {
            files.write("line " + i + " of some length to fill the file\n");
        }
        try (Stream<Path> all = Files.list(file.getParent())) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("gateway.log", "gateway.log.1", "gateway.log.2");
        }
        assertThat(Files.size(file)).isLessThanOrEqualTo(1024);
        assertThat(Files.size(file.resolveSibling("gateway.log.2"))).isLessThanOrEqualTo(1024);
        assertThat(Files.readString(file)).endsWith("line 499 of some length to fill the file\n");
    }

    @Test
    void goesOnInTheFileOfAnEarlierLife() throws IOException {
        Path file = folder.resolve("gateway.log");
        new RotatedFiles(file, 4096, 1).write("first\n");
        new RotatedFiles(file, 4096, 1).write("second\n");
        assertThat(Files.readString(file)).isEqualTo("first\nsecond\n");
    }

    @Test
    void countsWhatItCouldNotWriteAndSaysSoLater() throws IOException {
        Path file = folder.resolve("logs/gateway.log");
        Files.createFile(file.getParent()); // stands where the folder should be
        RotatedFiles files = new RotatedFiles(file, 4096, 1);
        files.write("lost\n");
        files.write("lost too\n");
        Files.delete(file.getParent());
        files.write("kept\n");
        assertThat(Files.readString(file))
                .isEqualTo("2 lines were lost: they could not be written\nkept\n");
    }

    @Test
    void refusesBoundsThatCannotHold() {
        assertThatThrownBy(() -> new RotatedFiles(folder.resolve("x"), 10, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1024 bytes");
    }
}

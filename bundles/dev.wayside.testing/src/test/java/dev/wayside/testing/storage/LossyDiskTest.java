// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.h2.store.fs.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LossyDiskTest {
    private LossyDisk disk;
    private FileChannel channel;

    @BeforeEach
    void insert() throws IOException {
        disk = LossyDisk.insert("lossydisktest", new Random(1));
        channel = open();
    }

    @AfterEach
    void eject() {
        disk.close();
    }

    private FileChannel open() throws IOException {
        return FilePath.get(disk.path("file")).open("rw");
    }

    private void write(long position, int value, int count) throws IOException {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        assertThat(channel.write(ByteBuffer.wrap(bytes), position)).isEqualTo(count);
    }

    private byte[] content() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        channel.read(bytes, 0);
        return bytes.array();
    }

    @Test
    void keepsWhatWasSynced() throws IOException {
        write(0, 1, 5_000);
        channel.force(true);
        write(5_000, 2, 100);
        assertThat(channel.size()).isEqualTo(5_100);
        disk.cut();
        channel = open();
        assertThat(Arrays.copyOf(content(), 5_000)).containsOnly(1);
        assertThat(disk.syncs()).isEqualTo(1);
    }

    @Test
    void losesTearsAndReordersTheRestBySectors() throws IOException {
        Set<String> outcomes = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            channel.truncate(0);
            write(0, 1, 2_048);
            channel.force(true);
            write(0, 2, 2_048);
            write(0, 3, 1_024);
            disk.cut();
            channel = open();
            byte[] content = content();
            StringBuilder sectors = new StringBuilder();
            for (int sector = 0; sector < 4; sector++) {
                byte[] bytes = Arrays.copyOfRange(content, sector * 512, sector * 512 + 512);
                assertThat(bytes).containsOnly(bytes[0]);
                sectors.append(bytes[0]);
            }
            outcomes.add(sectors.toString());
        }
        assertThat(outcomes).contains("1111", "3322");
        assertThat(outcomes).anyMatch(sectors -> sectors.matches("[123]*1[123]*2"));
        assertThat(outcomes).hasSizeGreaterThan(10);
    }

    @Test
    void losesTruncationsToo() throws IOException {
        Set<Long> sizes = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            write(0, 1, 2_048);
            channel.force(true);
            channel.truncate(512);
            disk.cut();
            channel = open();
            sizes.add(channel.size());
        }
        assertThat(sizes).containsExactlyInAnyOrder(512L, 2_048L);
    }

    @Test
    void failsOpenFilesAndFreesLocksAtACut() throws IOException {
        assertThat(channel.tryLock()).isNotNull();
        FileChannel second = open();
        assertThat(second.tryLock()).isNull();
        disk.cut();
        assertThatThrownBy(() -> write(0, 1, 1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> channel.force(true)).isInstanceOf(IOException.class);
        assertThat(open().tryLock()).isNotNull();
    }

    @Test
    void cutsInTheMiddleOfThingsIfAsked() throws IOException {
        disk.cutAfter(2);
        write(0, 1, 512);
        channel.force(true);
        assertThatThrownBy(() -> write(512, 1, 512)).hasMessage("the power was cut");
        assertThatThrownBy(() -> channel.force(true)).hasMessage("the power was cut");
        channel = open();
        assertThat(Arrays.copyOf(content(), 512)).containsOnly(1);
        write(512, 1, 512);
    }

    @Test
    void canIgnoreSyncsFailThemAndFillUp() throws IOException {
        disk.ignoreSyncs(true);
        int lost = 0;
        for (int i = 0; i < 50; i++) {
            write(0, 1, 512);
            channel.force(true);
            disk.cut();
            channel = open();
            lost += channel.size() == 0 ? 1 : 0;
            channel.truncate(0);
        }
        assertThat(lost).isPositive();
        disk.failSyncs(true);
        assertThatThrownBy(() -> channel.force(true)).hasMessage("Input/output error");
        disk.limitCapacity(channel.size() + 10);
        assertThatThrownBy(() -> write(channel.size(), 1, 11))
                .hasMessage("No space left on device");
    }
}

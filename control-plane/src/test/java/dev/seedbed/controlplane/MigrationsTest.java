package dev.seedbed.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * A migration that was merged is never edited, since databases exist that ran it. A new one is added to {@code migrations.sha256}
 * with {@code (cd db/migrations && sha256sum *.sql)}.
 */
class MigrationsTest {

    @Test
    void areTheOnesThatWereMerged() throws Exception {
        var recorded = new ClassPathResource("migrations.sha256").getContentAsString(StandardCharsets.UTF_8);
        var present = new ArrayList<String>();
        for (var resource : new PathMatchingResourcePatternResolver().getResources("classpath:db/migration/*.sql")) {
            var digest = MessageDigest.getInstance("SHA-256").digest(resource.getContentAsByteArray());
            present.add(HexFormat.of().formatHex(digest) + "  " + resource.getFilename());
        }
        assertThat(present)
                .isNotEmpty()
                .containsExactlyInAnyOrderElementsOf(List.of(recorded.strip().split("\n")));
    }

    @Test
    void haveANumberOfTheirOwnAndNameTheirFeature() throws Exception {
        var names = Arrays.stream(
                        new PathMatchingResourcePatternResolver().getResources("classpath:db/migration/*.sql"))
                .map(resource -> String.valueOf(resource.getFilename()))
                .toList();
        assertThat(names)
                .allMatch(name -> name.matches("V\\d{4}__(tenant|model|answer|audit|pricing|quota|usage)_\\w+\\.sql"));
        assertThat(names.stream().map(name -> name.substring(0, 5))).doesNotHaveDuplicates();
    }
}

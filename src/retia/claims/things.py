"""Things and the states of them that mean a kind, as parts of patterns; see `states.py`."""

FAZ = (
    r"(?:faz|(?:foveal |central |foveolar )?avascular (?:zone|area)|foveal zone|"
    r"(?:capillary|vessel)[\s-]free (?:zone|area)|zone without (?:vessels|capillaries))"
)
_SIZE = (
    r"grown|abnormally large|abnormal (?:in )?size|size (?:is |was )?abnormal|enlarged|widened|"
    r"wide|"
    r"wider|large|larger|big|bigger|expanded|increased|oversized|"
    r"enlargement|widening|expansion|increase|doubled|tripled|(?<=neither )size|"
    r"(?<=neither the )size"
)
_NORMAL_SIZE = (
    r"normal[\s-]?siz(?:ed?|ing)|normal (?:area|extent)|(?:of )?(?:normal|ordinary|usual|average|"
    r"regular|"
    r"expected) size|normal in (?:\w+ and )?size|"
    r"size (?:is |was |appears )?(?:within normal(?: limits)?|normal|unremarkable)|"
    r"(?<=shape and )size (?:is|are) (?:both )?(?:normal|unremarkable)|size(?= and (?:shape|"
    r"contour|outline|form)  (?:is |are )?(?:both )?(?:normal|unremarkable))|"
    r"within (?:the )?(?:normal (?:limits?|range)|norm|limits)|undilated|small(?=\s*(?:$|[.,;)(]|"
    r"faz|foveal|avascular|heart|in size|and))|ok|okay|not too (?:large|big|wide)|"
    r"size (?:is |was )?(?:ok|okay|fine|preserved)|of (?:normal|usual|regular) dimensions?"
)
_SHAPE = (
    r"irregular|irregularity|irregularities|jagged|ragged|disrupted|disruption|broken|breaks?|"
    r"interrupted|interruption|distorted|distortion|eroded|erosion|notched|notching|"
    r"ill[\s-]defined|"
    r"acircular|acircularity|non-?circular|asymmetric(?:al)?|scalloped|frayed|uneven|indented|"
    r"discontinuous|"
    r"discontinuity|moth-eaten|deformed|misshapen|lobulated|incomplete|gaps?|fragmented|bumpy|"
    r"angular|(?<=nor )shape|"
    r"(?<=nor the )shape"
)
_EVEN = (
    r"regular|round|rounded|roundness|smoothness|regularity|circularity|well[\s-]rounded|circular|"
    r"smooth|intact|well[\s-](?:defined|"
    r"demarcated|preserved|"
    r"circumscribed)|sharply (?:defined|demarcated)|unbroken|continuous|undisrupted|uninterrupted|"
    r"normal (?:in )?(?:shape|outline|contour|configuration)|(?<=normal size and )shape|"
    r"shape(?= and size (?:is|are) (?:both )?(?:normal|unremarkable))|"
    r"(?<=normal in size and )shape|(?<=size and )shape (?:is |are )?(?:both )?(?:normal|"
    r"unremarkable)"
)
_LESS = (
    r"reduced|reduction|decreased?|decreasing|diminished|diminution|low|lower|lowered|subnormal|"
    r"depressed|loss|impaired|falls?|fallen|fall|dropped|drops|drop|down|decline|declined|"
    r"deficient|sparse|attenuated|poor|deficit|lessened|"
    r"below (?:that of |those of )?(?:the |its )?(?:normal|average|expected|healthy|norm|reference|"
    r"peers|controls?)|thinned(?: out)?|rarefied"
)
_WINDING = (
    r"tortuous|tortuosity|winding|corkscrew|coiled|kinked|kinking|twisted|serpentine|convoluted|"
    r"sinuous|meandering|undulating|snaking"
)
_WIDTH = (
    r"dilated|dilatation|dilation|narrowed|narrowing|narrow|widened|widening|wide|thin|thinned|"
    r"thinning|enlarged|distended|engorged|beaded|beading|ectatic|ectasia|constricted|thickened|"
    r"attenuated|attenuation"
)
_UNEVEN_WIDTH = (
    r"irregular|irregularity|irregularities|variable|variations?|vary|varying|varies|changed|"
    r"altered|uneven|"
    r"increased|reduced|abnormal|fluctuat\w+|changes|non-?uniform|inconsistent|alterations?"
)
_GONE = (
    r"lost|missing|dropped out|gone|obliterated|occluded|non[\s-]?perfused|unperfused|not perfused|"
    r"wiped out|closed|occlusion|obliteration|closure|not filled|unfilled|"
    r"(?:poorly|incompletely|badly|barely|hardly) (?:perfused|filled)|shut down|"
    r"disappeared|vanished|gaps?|holes?|drop out|died back|pruned|pruning"
)
_WHOLE = (
    r"intact|complete|preserved|continuous|unbroken|uninterrupted|maintained|undisturbed|"
    r"gapless|without gaps?|unimpaired|closely knit|(?:well|fully|completely|"
    r"normally|"
    r"evenly|homogeneously|everywhere) (?:perfused|preserved|filled|maintained)"
)
_UNFED = (
    r"non[\s-]?perfused|unperfused|not perfused|(?:poorly|incompletely|badly|barely|"
    r"hardly) perfused|"
    r"without (?:flow|perfusion)"
)
_FED = r"(?:well|fully|completely|normally|evenly|everywhere|homogeneously) perfused"
_SPARSE = (
    r"thinned out|rarefied|paucity|scarcity|sparse|sparser|less dense|scanty|depleted|"
    r"reduced in number|thinning out"
)
_SHIFTED = r"shifted|displaced|deviated|pushed|shifts?"
_CENTRAL = r"central|centred|centered|maintained|preserved|in place|undisplaced|midline"

THINGS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        r"(?:capillary |macular |retinal |blood )?(?:perfusion|flow)(?![\s-](?:void|defici|defect|"
        r"loss|signal|densit))",
        (
            (
                "capillary_dropout",
                rf"{_GONE}|absent|absence|devoid|empty|abolished|lack|loss|lacking|impaired",
                _WHOLE,
            ),
        ),
    ),
    (
        r"(?:peri|para)?foveal (?:capillary )?(?:ring|arcade|margin|border|outline)s?|"
        r"terminal capillary ring|(?<!by )ring of (?:terminal )?capillaries",
        (("faz_irregularity", rf"{_SHAPE}|loss|lost|missing|absent|open(?:ed)?", _EVEN),),
    ),
    (
        rf"{FAZ}(?:\s+(?:diameters?|widths?))?|margins?|borders?|contours?|outlines?",
        (("faz_enlargement", _SIZE, _NORMAL_SIZE), ("faz_irregularity", _SHAPE, _EVEN)),
    ),
    (
        r"(?:(?:vessel|vascular|capillary|microvascular|perfusion|flow)[\s-])?densit(?:y|ies)|vd",
        (
            (
                "reduced_density",
                _LESS,
                r"normal|preserved|maintained|unremarkable|within (?:the )?(?:normal (?:limits?|"
                r"range)|norm|limits)|"
                r"intact|adequate|conserved|good",
            ),
        ),
    ),
    (
        r"venous calib(?:re|er)|calib(?:re|er) of the veins",
        (
            ("calibre_change", rf"{_UNEVEN_WIDTH}|{_WIDTH}", r"normal|uniform|even|regular"),
            ("venous_beading", rf"{_UNEVEN_WIDTH}|beaded|beading", r"normal|uniform|even|regular"),
        ),
    ),
    (
        r"(?:(?:vessel|vascular|venous|arteriolar|venular)[\s-])?(?:calib(?:re|er)s?|diameters?|"
        r"widths?)",
        (
            (
                "calibre_change",
                _UNEVEN_WIDTH,
                r"normal|uniform|even|regular|constant|preserved|unremarkable|consistent",
            ),
        ),
    ),
    (
        r"capillary (?:bed|network|mesh(?:work)?|plexus|plexuses|web|lattice|architecture|pattern)|"
        r"(?:capillary |macular |retinal |blood )?(?:perfusion|flow)|plexus|plexuses|retina|"
        r"(?:vascular |microvascular )?network|vascular (?:bed|tree)",
        (
            ("capillary_dropout", _GONE, _WHOLE),
            ("reduced_density", _SPARSE, r"dense|normally dense|of normal density"),
        ),
    ),
    (
        r"scp|dcp|macula|half|side|quadrants?|sectors?|hemifield|parafovea|perifovea",
        (("capillary_dropout", _UNFED, _FED),),
    ),
    (
        r"vessels?|capillar(?:y|ies)|arterioles?|venules?|veins?|arter(?:y|ies)|vasculature|"
        r"arcades?",
        (
            ("tortuosity", _WINDING, r"straight|non-?tortuous"),
            (
                "calibre_change",
                _WIDTH,
                r"tapers? (?:evenly|normally|regularly|smoothly)|(?:even|normal|regular|smooth) "
                r"tapering|of (?:even|normal|uniform|regular) (?:calib(?:re|er)|width)",
            ),
            ("venous_beading", r"beaded|beading|sausage-like", r"(?!)"),
            ("capillary_dropout", _GONE, _WHOLE),
            ("reduced_density", _SPARSE, r"dense"),
        ),
    ),
    (
        r"cardiac (?:silhouette|shadow|size|contour)|cardiomediastinal silhouette|"
        r"cardiothoracic ratio|heart(?: size| shadow)?",
        (
            (
                "cardiomegaly",
                rf"{_SIZE}|globular|dilated",
                rf"{_NORMAL_SIZE}|normal|unremarkable",
            ),
        ),
    ),
    (
        r"ventricles|lateral ventricles?|ventricular system",
        (
            (
                "hydrocephalus",
                rf"{_SIZE}|dilated|dilatation|distended|ballooned",
                rf"{_NORMAL_SIZE}|normal",
            ),
        ),
    ),
    (
        r"(?:lymph )?nodes",
        (("lymphadenopathy", rf"{_SIZE}|bulky", rf"{_NORMAL_SIZE}|normal"),),
    ),
    (r"midline(?: structures?)?|septum pellucidum", (("midline_shift", _SHIFTED, _CENTRAL),)),
    (
        r"bowel(?: loops?)?|loops|colon",
        (("bowel_obstruction", r"obstructed|obstruction", r"unobstructed|not obstructed"),),
    ),
    (r"lobe|lungs?", (("atelectasis", r"collapsed|collapse|atelectatic", r"(?!)"),)),
    (r"aorta|aortic root", (("aneurysm", r"aneurysmal", r"(?!)"),)),
    (
        r"ribs?|clavicles?|vertebrae?|femur|radius|hip",
        (("fracture", r"fractured|broken", r"(?!)"),),
    ),
    (
        r"maculae?|fovea|foveal centre",
        (("macular_oedema", r"thickened|swollen|o?edematous|thickening", r"dry"),),
    ),
    (r"vitreous(?: cavity| gel)?", (("vitreous_haemorrhage", r"bloody|blood-filled", r"clear"),)),
    (
        r"costophrenic (?:angles?|recess(?:es)?|sulc(?:us|i))",
        # A blunted angle may be a scar as well.
        (("pleural_effusion", r"(?!)", r"sharp|clear|free|preserved|well[\s-]defined|normal"),),
    ),
    (
        r"air|gas",
        (
            (
                "free_air",
                r"(?:under|beneath|below|underneath) (?:the|either|both) (?:right |left )?"
                r"(?:hemi)?diaphragms?",
                r"(?!)",
            ),
        ),
    ),
    (
        r"fluid",
        (
            (
                "ascites",
                r"in the (?:abdomen|pelvis|peritoneal cavity|abdominal cavity)",
                r"(?!)",
            ),
            ("pleural_effusion", r"in the pleural (?:space|cavity)", r"(?!)"),
        ),
    ),
    (
        r"blood",
        (
            (
                "preretinal_haemorrhage",
                r"in front of the (?:retina|macula|disc)|(?:beneath|behind|"
                r"under) the (?:posterior )?"
                r"hyaloid(?: face)?",
                r"(?!)",
            ),
            (
                "vitreous_haemorrhage",
                r"(?:in|within|into|entered|filling|fills) the vitreous(?: cavity| gel)?",
                r"(?!)",
            ),
        ),
    ),
    (
        r"bed|field|fossa",
        (("hemostasis_achieved", r"dry", r"(?!)"),),
    ),
    (r"course", (("tortuosity", _WINDING, r"normal|regular|straight|unremarkable"),)),
    (
        r"anatomy",
        (
            (
                "unclear_anatomy",
                r"unclear|obscured|uncertain|difficult|distorted|(?:hard|"
                r"impossible) to (?:\w+ )?(?:make out|define|"
                r"identify|recogni[sz]e|discern|see|tell)|confus\w+|ambiguous|in doubt|"
                r"(?:could|can) ?not be (?:\w+ly )?(?:made out|defined|discerned|recogni[sz]ed)",
                r"clear|clearly \w+|well[\s-]defined|identified|delineated|unambiguous",
            ),
        ),
    ),
    (
        r"gallbladder|gall bladder",
        (
            (
                "bile_spill",
                r"perforated|perforation|torn|ruptured|breached|punctured|holed|tore|burst|"
                r"opened inadvertently|inadvertently opened",
                r"(?!)",
            ),
        ),
    ),
    (
        r"bile|stones",
        (
            (
                "bile_spill",
                r"spilled|spilt|spillage|spills?|spilling|escap\w+|leak\w*|ran out|running out|"
                r"pour\w+|let out|lost|dropped",
                r"(?!)",
            ),
        ),
    ),
    (
        r"clips?",
        (
            (
                "clips_secure",
                r"secure[d]?|securely|in place|firmly|well[\s-](?:placed|seated|applied|"
                r"positioned)|"
                r"holding|hold|firm|tight|tightly|in (?:good|correct) position|correctly \w+|"
                r"(?:fully |right |completely )?across(?: the)? (?:whole|entire|full|duct|artery|"
                r"lumen)",
                r"loose|slipped|slips?|insecure|unsecured|dislodged|displaced|slipping|fallen off|"
                r"c(?:o|a)me off|coming off|not across",
            ),
        ),
    ),
    (
        r"bleeding|bleed|bled|ooze|bleeder|haemorrhage|hemorrhage",
        (
            (
                "hemostasis_achieved",
                r"controlled|stopped|arrested|under control|staunched|stemmed|ceased|dried up",
                r"uncontrolled",
            ),
            (
                "bleeding_minor",
                r"minor|slight|slightly|small|trivial|mild|scant|minimal|tiny|little|negligible|"
                r"insignificant|"
                r"bit of",
                r"(?!)",
            ),
            (
                "bleeding_major",
                r"brisk|briskly|heavily|profusely|massively|major|massive|heavy|severe|profuse|"
                r"arterial|torrential|significant|"
                r"pulsatile|"
                r"spurting|considerable",
                r"(?!)",
            ),
        ),
    ),
)
"""Thing, then (kind, words that mean it, words that deny it); longer things come first."""
